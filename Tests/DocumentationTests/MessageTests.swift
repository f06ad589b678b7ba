import Foundation
import Testing
import Voicemail

@Suite("docs/message.md and what it names") struct MessageTests {
  private static func text(_ path: String) throws -> String {
    try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../" + path), encoding: .utf8)
  }

  @Test func `the page has every value and every fixed word of templates, and no other`() throws {
    let page = try Self.text("docs/message.md")
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
    #expect(rows == TemplateNames.table.map { "| `\($0.name)` | \($0.meaning) |" })
    let words = try #require(page.components(separatedBy: "as `words.NAME`").last)
      .components(separatedBy: "\n\n")[1]
    let listed = words.split { !$0.isLetter && $0 != "_" }.map(String.init)
    #expect(listed == Phrase.allCases.map(\.rawValue))
  }

  @Test func `the page names every language`() throws {
    let page = try Self.text("docs/message.md")
    for language in Language.all {
      let name = try #require(Language.english.names[language.tag])
      #expect(page.contains("`\(language.tag)` \(name)"))
    }
  }

  @Test(arguments: TemplateKind.allCases) func `the templates to copy are the built-in ones`(
    _ kind: TemplateKind
  ) throws {
    #expect(try Self.text("docs/templates/\(kind.filename)") == TemplateSources.builtIn[kind])
  }

  private static let manual = "docs/man/voicemail-milter-headers.7"

  @Test func `the manual page has every field and every word of its value`() throws {
    let manual = try Self.text(Self.manual)
    let fields = manual.split(separator: "\n").filter { $0.hasPrefix(".It Sy ") }
      .map { String($0.dropFirst(7)) }
    #expect(fields == StatusHeaders.all)
    for word in ["ok", "low", "none", "failed", "high", "medium"] {
      #expect(manual.contains(".It Cm \(word)\n"))
    }
    #expect(
      manual.contains(".Sy \(LoopGuard.headerName) ,")
        && manual.contains(".Sy \(RouteMark.headerName) ,"))
    for name in manual.matches(of: /X-Voicemail-[A-Za-z-]+/).map({ String($0.output) }) {
      let known = StatusHeaders.all + [LoopGuard.headerName, RouteMark.headerName]
      #expect(known.contains(name), "\(name)")
    }
  }

  @Test func `the manual page has no fault that man finds`() throws {
    let check = Process()
    check.executableURL = URL(fileURLWithPath: "/usr/bin/mandoc")
    check.arguments = [
      "-Tlint", "-Wwarning",
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../" + Self.manual).path,
    ]
    let output = Pipe()
    check.standardOutput = output
    try check.run()
    let found = output.fileHandleForReading.readDataToEndOfFile()
    check.waitUntilExit()
    #expect(String(decoding: found, as: UTF8.self) == "")
  }
}
