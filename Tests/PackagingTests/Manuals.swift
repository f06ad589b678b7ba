import Foundation
import Operations
import TestSupport
import Testing
import Voicemail

@Suite("Manual pages and example file") struct Manuals {
  @Test func `have every command and every setting, and no fault`() throws {
    let directory = try TemporaryDirectory()
    let file = try Sources.manual(in: directory)

    let pages = [
      "voicemail-milter.8", "voicemail-milter.conf.5", "voicemail-milter-engines.7",
    ].map(file)
    let linted = try Sources.run("/usr/bin/mandoc", ["-T", "lint", "-W", "style"] + pages)
    // What it cannot find are our own other pages, and its index of pages need not be there.
    let faults = linted.said.split(separator: "\n").filter {
      !$0.contains("referenced manual not found") && !$0.contains("mandoc.db")
    }
    #expect(faults == [])

    let commands = try String(contentsOfFile: pages[0], encoding: .utf8)
    let help = try Sources.run(RunningMilter.program, ["--help"]).said
    let verbs = help.matches(of: /\n  ([a-z][a-z-]*)[ \n]/).map { String($0.1) }
    #expect(verbs.count > 15)
    for verb in verbs { #expect(commands.contains("\n.It Cm \(mdoc(verb))"), "\(verb)") }
    // Its sentence is that of `pause`.
    let silent = commands.matches(of: /\n\.It Cm ([a-z-]+)[^\n]*(?=\n\.(?:It|El))/).map(\.1)
    #expect(silent == ["resume"])

    let settings = try String(contentsOfFile: pages[1], encoding: .utf8)
      .replacingOccurrences(of: "\n", with: " ")
    let example = try String(contentsOfFile: file("voicemail-milter.conf"), encoding: .utf8)
    for key in SettingsTable.keys {
      let standard = key.standard.isEmpty ? "empty" : key.standard
      #expect(settings.contains(" .It Cm \(key.name) \(mdoc(key.sentence)) "), "\(key.name)")
      #expect(settings.contains(mdoc("default: \(standard).")), "\(key.name)")
      #expect(example.contains("\n#\(key.name) ="), "\(key.name)")
    }
  }

  @Test func `each engine has its section, with what is sent where, its cost and what is kept`()
    throws
  {
    let directory = try TemporaryDirectory()
    let page = try String(
      contentsOfFile: Sources.manual(in: directory)("voicemail-milter-engines.7"), encoding: .utf8)
    let sections = page.components(separatedBy: "\n.Ss ").dropFirst()
    #expect(
      sections.map { String($0.prefix { $0 != "\n" }) }.sorted()
        == EngineConfiguration.Kind.allCases.map(\.rawValue).sorted())
    for section in sections {
      for label in ["Sent to", "Cost", "Privacy"] {
        #expect(section.contains("\n.It Sy \(label)\n"), "\(section.prefix(20)): \(label)")
      }
    }
    let keys = page.replacingOccurrences(of: "\n", with: " ")
    for key in EngineKeys.all {
      let standard = key.standard.isEmpty ? "" : " = \(mdoc(key.standard))"
      #expect(keys.contains(" .It Cm \(key.name)\(standard) \(mdoc(key.sentence)) "), "\(key.name)")
    }
  }

  @Test func `the example file changes nothing as it is, and holds with every line in force`()
    throws
  {
    let directory = try TemporaryDirectory()
    let path = try Sources.manual(in: directory)("voicemail-milter.conf")
    func changed() throws -> String {
      let ended = try RunningMilter.run(["settings", "--changed", "--config", path])
      #expect(ended.status == 0, "\(ended.errors)")
      return ended.text
    }
    #expect(try changed() == "")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing(/\n#(?=[a-z_]+ =)/, with: "\n").write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect(try changed().contains("workers = 0"))
  }

  private func mdoc(_ text: String) -> String { text.replacingOccurrences(of: "-", with: "\\-") }
}
