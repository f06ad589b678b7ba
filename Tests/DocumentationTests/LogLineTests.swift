import Foundation
import Testing

/// docs/log-lines.md explains every line that the program can write, and no other.
@Suite("docs/log-lines.md") struct LogLineTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// By line: the levels it is written at.
  private static func written() throws -> [String: Set<String>] {
    let folder = root.appendingPathComponent("Sources/Filter")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var found: [String: Set<String>] = [:]
    while let file = files?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /log\.(error|warning|info|debug)\(\s*"([^"\\]+)"/) {
        found[String(match.2), default: []].insert(String(match.1))
      }
      for match in text.matches(of: /(?:passWarning|warn)\(\s*"([^"\\]+)"/) {
        found[String(match.1), default: []].insert("warning")
      }
      for match in text.matches(of: /rareLines\.write\(\s*\.(\w+),\s*"([^"\\]+)"/) {
        found[String(match.2), default: []].insert(String(match.1))
      }
      guard file.lastPathComponent == "Alarm.swift" else { continue }
      for match in text.matches(of: /case \.\w+: "([^"]+)"/) {
        found[String(match.1), default: []].insert("error")
      }
    }
    return found
  }

  @Test func `has a row for each line, with its level`() throws {
    let page = try String(
      contentsOf: Self.root.appendingPathComponent("docs/log-lines.md"), encoding: .utf8)
    var explained: [String: Set<String>] = [:]
    for line in page.split(separator: "\n") {
      guard let match = line.wholeMatch(of: /\| ([a-z, ]+) \| `([^`]+)` \| (.+) \| .*\|/) else {
        continue
      }
      explained[String(match.2)] = Set(match.1.components(separatedBy: ", "))
      #expect(!match.3.trimmingCharacters(in: .whitespaces).isEmpty, "\(match.2)")
    }
    let written = try Self.written()
    #expect(written.count > 40)
    for (line, levels) in written { #expect(explained[line] == levels, "\(line)") }
    for line in explained.keys { #expect(written[line] != nil, "\(line) is never written") }
  }
}
