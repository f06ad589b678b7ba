package import Foundation
import Glibc

/// A real Exim of a test's own (Scripts/private-exim), gone with the value.
///
/// It runs with the lines of postfix-examples/exim. Needs root.
package final class PrivateExim: Sendable {
  package let smtpPort: UInt16
  /// The port whose mail does not go to the filter.
  package let reinjectPort: UInt16
  /// Where it looks for the content filter.
  package let filterPort: UInt16

  private let directory: TemporaryDirectory
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL
  private static let script = root.appendingPathComponent("Scripts/private-exim").path

  package init() throws {
    directory = try TemporaryDirectory()
    let output = try Self.run(["start", directory.path])
    let values = output.split(separator: "\n").reduce(into: [String: String]()) { values, line in
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    func port(_ name: String) throws -> UInt16 {
      guard let port = values[name].flatMap({ UInt16($0) }) else {
        throw ChildProcess.Failure(description: "private-exim start said: \(output)")
      }
      return port
    }
    smtpPort = try port("SMTP_PORT")
    reinjectPort = try port("REINJECT_PORT")
    filterPort = try port("FILTER_PORT")
  }

  deinit { _ = try? Self.run(["stop", directory.path]) }

  /// Its main log so far.
  package var log: String {
    (try? String(contentsOfFile: directory.file("spool/mainlog"), encoding: .utf8)) ?? ""
  }

  /// The messages in a user's mailbox, the oldest first: `ann` for ann@example.com.
  package func mail(of user: String) -> [Data] {
    let folder = directory.url.appendingPathComponent("mail/\(user)/new")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().compactMap { try? Data(contentsOf: folder.appendingPathComponent($0)) }
  }

  /// Waits until a user has that many messages; returns what there is when the limit passes.
  package func waitForMail(of user: String, count: Int = 1, seconds: Double = 60) -> [Data] {
    let watch = FileWatch(directory.file("spool/mainlog"))
    _ = watch?.wait(seconds: seconds) { mail(of: user).count >= count }
    return mail(of: user)
  }

  /// Waits until a line of its log has all these words.
  package func waitForLog(containing words: String..., seconds: Double = 20) -> Bool {
    let watch = FileWatch(directory.file("spool/mainlog"))
    return watch?.wait(seconds: seconds) {
      log.split(separator: "\n").contains { line in words.allSatisfy { line.contains($0) } }
    } ?? false
  }

  /// Its sendmail command: mail as a program of this host sends it.
  package func sendmail(_ arguments: [String], input: [UInt8]) throws {
    let process = try ChildProcess(
      Self.script, ["sendmail", directory.path] + arguments, input: input)
    guard process.waitForExit(seconds: 30) == 0 else {
      throw ChildProcess.Failure(description: process.errors)
    }
  }

  /// The daemon keeps the script's standard output open no longer than the script runs.
  private static func run(_ arguments: [String]) throws -> String {
    let process = try ChildProcess(script, arguments)
    guard process.waitForExit(seconds: 60) == 0 else {
      throw ChildProcess.Failure(description: "private-exim: \(process.errors)")
    }
    return String(decoding: process.output, as: UTF8.self)
  }
}
