import Foundation
import Testing

@Suite("postfix-examples") struct ExampleTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private static let examples = root.appendingPathComponent("postfix-examples")

  private static var folders: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: examples.path) }
  }

  @Test func `each folder is in the README's table`() throws {
    let readme = try String(
      contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
    for folder in try Self.folders {
      #expect(readme.contains("| [\(folder)](postfix-examples/\(folder)) |"), "\(folder)")
    }
  }

  /// An administrator needs one folder only, so the listener stands in each; it must not differ by accident.
  @Test func `the reinjection listener is the same in all folders`() throws {
    let files = try Self.folders.map { Self.examples.appendingPathComponent("\($0)/master.cf") }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
    #expect(files.count > 2)
    let listeners = try Set(files.map { try Self.listener($0) })
    #expect(listeners.count == 1)
  }

  /// From the listener's first line on, without those that say which milters it has.
  private static func listener(_ file: URL) throws -> [String] {
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      .map(String.init).filter { !$0.hasPrefix("#") }
    let start = try #require(lines.firstIndex { $0.hasPrefix("127.0.0.1:10026 ") })
    return lines[start...].filter {
      !$0.contains(" smtpd_milters=") && !$0.contains(" receive_override_options=")
    }
  }
}
