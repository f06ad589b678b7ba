import Foundation
import TestSupport
import Testing

/// Tests/WrongConfigurations: a folder for each mistake, with the exact complaint; $ stands for the folder.
struct WrongConfigurations {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("WrongConfigurations")

  static let names =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []

  /// Without a transcript voicemail still arrives, so these keep no daemon from starting (BadStarts).
  private static let startsAnyway: Set = [
    "no-such-model", "language-model-that-is-not-there", "language-that-no-engine-knows",
  ]

  @Test func `there are some`() { #expect(Self.names.count >= 20) }

  @Test(arguments: names) func `check says what is wrong`(_ name: String) throws {
    let directory = Self.folder.appendingPathComponent(name)
    let expected = try String(
      contentsOf: directory.appendingPathComponent("expected"), encoding: .utf8)
    let file = directory.appendingPathComponent("voicemail-milter.conf").path
    let ended = try RunningMilter.run(["check", "--config", file])
    #expect(ended.errors.replacing(directory.path, with: "$") == expected)
    #expect(ended.status == 1)
    #expect(ended.output.isEmpty)
    guard !Self.startsAnyway.contains(name) else { return }
    // The daemon says the same, and does not start.
    let run = try RunningMilter.run(["run", "--config", file], seconds: 20)
    #expect(run.errors == ended.errors)
    #expect(run.status == 1)
  }
}
