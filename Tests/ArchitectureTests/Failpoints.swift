import Foundation
import Testing

/// Places where the crash tests kill the daemon: a release must have none.
@Suite struct Failpoints {
  @Test func `failpoints exist in debug builds only`() throws {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Package.swift")
    let lines = try String(contentsOf: package, encoding: .utf8).split(separator: "\n")
      .filter { $0.contains("FAILPOINTS") }
    #expect(lines.count == 1)
    #expect(lines.first?.contains(#".define("FAILPOINTS", .when(configuration: .debug))"#) == true)
    // The name of the variable stands inside the condition, in one file.
    let readers = try SourceTree.swiftFiles("Sources").filter { file in
      file.lines.contains { $0.contains("getenv(\"VOICEMAIL_MILTER_KILL_AT") }
    }
    #expect(readers.map(\.path) == ["Sources/Spool/Failpoint.swift"])
    let condition = try #require(readers.first).lines.filter { $0.contains("#") }
    #expect(condition.filter { $0.contains("#if FAILPOINTS") }.count == 3)
    #expect(condition.filter { $0.contains("#endif") }.count == 3)
  }
}
