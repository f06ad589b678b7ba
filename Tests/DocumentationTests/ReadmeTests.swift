import Foundation
import Operations
import Testing
import Voicemail

@Suite("The README") struct ReadmeTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  @Test func `names every setting with its default and no other`() throws {
    let readme = try Self.text("README.md")
    let block = try #require(readme.components(separatedBy: "```ini\n").dropFirst().first)
    let written = try #require(block.components(separatedBy: "```").first)
    var expected = ""
    var section = ""
    for key in SettingsTable.keys {
      if key.section != section { expected += "[\(key.section)]\n" }
      section = key.section
      expected += key.standard.isEmpty ? "\(key.name) =\n" : "\(key.name) = \(key.standard)\n"
    }
    #expect(written == expected)
  }

  @Test func `shows the lines for main.cf as they are shipped and tested`() throws {
    let lines = try Self.text("postfix-examples/milter/main.cf").split(separator: "\n")
      .filter { !$0.hasPrefix("#") }.map { "    \($0)" }
    #expect(lines.count == 4)
    #expect(try Self.text("README.md").contains(lines.joined(separator: "\n")))
  }

  @Test(arguments: [
    "README.md", "docs/flow.md", "docs/rules.md", "docs/policies.md", "docs/dependencies.md",
    "docs/administration.md", "docs/message.md", "docs/engines.md",
    "docs/troubleshooting.md", "docs/sizing.md", "docs/upgrade.md",
  ])
  func `names no file that is not there`(page: String) throws {
    let words = try Self.text(page).split { " \n`()[]|,;".contains($0) }.map(String.init)
    let directory = page.hasPrefix("docs/") ? "docs/" : ""
    var found = 0
    for word in words where word.contains("/") && word.hasSuffix(".swift") || word.hasSuffix(".md")
    {
      let places = [word, "Sources/" + word, directory + word]
      #expect(
        places.contains { FileManager.default.fileExists(atPath: Self.root.path + "/" + $0) },
        "\(page) names \(word)")
      found += 1
    }
    #expect(found > 0 || page == "docs/dependencies.md")
  }

  @Test func `maps every target`() throws {
    let readme = try Self.text("README.md")
    let targets = try FileManager.default.contentsOfDirectory(
      atPath: Self.root.appendingPathComponent("Sources").path)
    for target in targets { #expect(readme.contains("| `\(target)` |"), "no row for \(target)") }
  }

  @Test func `docs/rules.md names each built-in rule, and its example is a rule`() throws {
    let page = try Self.text("docs/rules.md")
    let table = try #require(page.components(separatedBy: "## Your own").first)
    for rule in BuiltInRules.all { #expect(table.contains("`\(rule.name)`"), "\(rule.name)") }
    let block = try #require(page.components(separatedBy: "```ini\n").dropFirst().first)
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("rules-\(UUID().uuidString).conf")
    defer { try? FileManager.default.removeItem(at: file) }
    try #require(block.components(separatedBy: "```").first).write(
      to: file, atomically: true, encoding: .utf8)
    #expect(try Settings.load(path: file.path).rules.map(\.rule.name) == ["door-phone"])
  }

  @Test func `docs/policies.md names each mode, and its example is policies`() throws {
    let page = try Self.text("docs/policies.md")
    for mode in Policy.Mode.allCases { #expect(page.contains("`\(mode.rawValue)`"), "\(mode)") }
    let block = try #require(page.components(separatedBy: "```ini\n").dropFirst().first)
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("policies-\(UUID().uuidString).conf")
    defer { try? FileManager.default.removeItem(at: file) }
    try #require(block.components(separatedBy: "```").first).write(
      to: file, atomically: true, encoding: .utf8)
    let policies = try Settings.load(path: file.path).policies
    #expect(policies.map(\.rule.policy.name) == ["sales", "board"])
    let sales = Policies(rules: policies.map(\.rule)).choice(
      VoicemailFacts(rule: "vpim", reason: ""), sender: "", recipient: "jo@sales.example.com")
    #expect(sales.policy.name == "sales")
  }
}
