import Foundation
import Testing
import Voicemail

@Suite("docs/administration.md") struct AdministrationTests {
  private static func rows(after heading: String) throws -> [[String]] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/administration.md")
    let page = try String(contentsOf: path, encoding: .utf8)
    let lines = page.components(separatedBy: "\n").drop { !$0.hasPrefix("| \(heading) |") }
      .prefix { $0.hasPrefix("|") }
    return lines.map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
    }
  }

  @Test func `has each verb's effect in each state`() throws {
    let rows = try Self.rows(after: "Verb")
    let expected =
      [["Verb"] + JobState.allCases.map(\.rawValue)]
      + AdministratorVerb.allCases.map { verb in
        [verb.rawValue]
          + JobState.allCases.map { state in
            switch verb.effect(in: state) {
            case .refused: "-"
            case .moves(let states): states.map(\.rawValue).joined(separator: " or ")
            }
          }
      }
    #expect(rows.filter { $0.first?.hasPrefix("---") == false } == expected)
  }
}
