package import Foundation

/// A directory of a test's own, gone with the value.
package final class TemporaryDirectory: Sendable {
  package let url: URL

  package var path: String { url.path }

  package init() throws {
    url = URL(fileURLWithPath: "/tmp/voicemail-milter-test-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  package func file(_ name: String) -> String { url.appendingPathComponent(name).path }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }
}
