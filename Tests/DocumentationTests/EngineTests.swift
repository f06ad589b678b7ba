import Foundation
import Operations
import TestSupport
import Testing
import Voicemail

@testable import Filter

@Suite("docs/engines.md") struct EngineTests {
  private static func page() throws -> String {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent("docs/engines.md"), encoding: .utf8)
  }

  @Test func `names every key with its default, its types and its sentence`() throws {
    let network = EngineConfiguration.Kind.allCases.filter(\.usesNetwork)
    let programs: [EngineConfiguration.Kind] = [.command, .whisperCLI]
    let rows = EngineKeys.all.map { key in
      let types =
        switch key.types {
        case []: "all"
        case network: "over the network"
        case programs: "programs"
        default: key.types.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        }
      let standard = key.standard.isEmpty ? "" : "`\(key.standard)`"
      return "| `\(key.name)` | \(standard) | \(types) | \(key.sentence) |"
    }
    let table = try Self.page().components(separatedBy: "| key | default | types | is |\n")
    let found = try #require(table.last).split(separator: "\n").dropFirst()
      .prefix { $0.hasPrefix("|") }.map(String.init)
    #expect(found == rows)
  }

  @Test func `tells of every type`() throws {
    let page = try Self.page()
    for kind in EngineConfiguration.Kind.allCases {
      #expect(page.contains("| `\(kind.rawValue)` |"), "\(kind)")
      #expect(kind == .pocketsphinx || page.contains("**\(kind.rawValue)**"), "\(kind)")
    }
  }

  @Test func `what check says of the embedded engine are its figures`() throws {
    let table = try #require(
      try Self.page().components(separatedBy: "### Word errors\n").dropFirst().first
    )
    .components(separatedBy: "\n\n")[0]
    let figures = table.split(separator: "\n").dropFirst(2)
      .filter { !$0.contains("wide") && !$0.contains("Hz") }
      .flatMap { $0.split(separator: "|").dropFirst(1) }
      .compactMap { Double($0.replacing("%", with: "").trimmingCharacters(in: .whitespaces)) }
    #expect(figures.count == 6)
    let (least, most) = (figures.min() ?? 0, figures.max() ?? 0)
    #expect(EngineWorth.words.contains(" \(Int(least.rounded())) to \(Int(most.rounded())) % "))
  }

  /// What stands in a manual page as it is to be written into a file.
  @Test func `the examples of the manual pages are settings`() throws {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appendingPathComponent("docs/man").path
    let directory = try TemporaryDirectory()
    var read = 0
    for page in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let blocks = try String(contentsOfFile: "\(folder)/\(page)", encoding: .utf8)
        .components(separatedBy: "\n.Bd -literal").dropFirst()
        .compactMap { $0.components(separatedBy: "\n.Ed").first }
        .flatMap { $0.components(separatedBy: "\n").dropFirst().split(separator: "") }
        .map { $0.joined(separator: "\n").replacing("\\-", with: "-").replacing("\\e", with: "\\") }
      // systemd has its own.
      for block in blocks
      where block.contains(#/(?m)^\[[a-z]/#) && !block.contains("[Service]") {
        let path = directory.file("\(read).conf")
        try block.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try Settings.load(path: path) != Settings.load(path: "/dev/null"), "\(page)")
        read += 1
      }
    }
    #expect(read >= 3)
  }

  @Test func `its examples are settings`() throws {
    let directory = try TemporaryDirectory()
    let blocks = try Self.page().components(separatedBy: "```ini\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }
    #expect(blocks.count >= 2)
    for (number, block) in blocks.enumerated() {
      let path = directory.file("\(number).conf")
      try block.write(toFile: path, atomically: true, encoding: .utf8)
      let settings = try Settings.load(path: path)
      #expect(settings.engines.last == "pocketsphinx")
      #expect(settings.allEngines.contains { $0.kind != .pocketsphinx })
    }
  }
}
