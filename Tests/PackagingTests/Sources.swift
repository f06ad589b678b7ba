import Foundation
import TestSupport
import Testing

/// Files of the source tree, and programs that judge them.
enum Sources {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  /// What a program says on both streams, and its exit status.
  static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32?, said: String)
  {
    let process = try ChildProcess(program, arguments)
    let status = process.waitForExit(seconds: 60)
    return (status, String(decoding: process.output, as: UTF8.self) + process.errors)
  }

  /// What Scripts/manual writes for the program as it is built now.
  static func manual(in directory: TemporaryDirectory) throws -> (String) -> String {
    let made = try run("\(root)/Scripts/manual", [RunningMilter.program, directory.path])
    #expect(made.status == 0, "\(made.said)")
    return directory.file
  }
}
