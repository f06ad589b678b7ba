package import Foundation
import Glibc

/// A real Postfix of a test's own (Scripts/private-postfix), gone with the value.
///
/// It runs with the lines of a folder of postfix-examples. Needs root.
package final class PrivatePostfix: Sendable {
  package let smtpPort: UInt16
  /// The listener without the filter.
  package let reinjectPort: UInt16
  /// Where it looks for the content filter.
  package let filterPort: UInt16
  /// Where it looks for the milter.
  package let milterSocket: String

  private let directory: TemporaryDirectory
  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Scripts/private-postfix").standardizedFileURL

  /// Starts one; `settings` are lines for its main.cf: `message_size_limit=1000`; `without` is an option of
  /// the shipped master.cf that is left out, as by mistake.
  package init(
    _ settings: [String] = [], example: String = "milter", without: String? = nil
  ) throws {
    directory = try TemporaryDirectory()
    let output = try PrivatePostfix.run(
      ["start", directory.path] + settings,
      environment: ["EXAMPLE": example, "WITHOUT": without ?? ""])
    let values = output.split(separator: "\n").reduce(into: [String: String]()) { values, line in
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    guard let smtp = values["SMTP_PORT"].flatMap({ UInt16($0) }),
      let reinject = values["REINJECT_PORT"].flatMap({ UInt16($0) }),
      let filter = values["FILTER_PORT"].flatMap({ UInt16($0) }),
      let socket = values["MILTER_SOCKET"]
    else { throw Trouble(sentence: "private-postfix start said: \(output)") }
    (smtpPort, reinjectPort, filterPort, milterSocket) = (smtp, reinject, filter, socket)
  }

  deinit { _ = try? PrivatePostfix.run(["stop", directory.path]) }

  /// Its log so far.
  package var log: String {
    (try? String(contentsOfFile: directory.file("mail.log"), encoding: .utf8)) ?? ""
  }

  /// The messages in a user's mailbox, the oldest first: `ann` for ann@example.com.
  package func mail(of user: String) -> [Data] {
    let folder = directory.url.appendingPathComponent("mail/\(user)/new")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().compactMap { try? Data(contentsOf: folder.appendingPathComponent($0)) }
  }

  /// Waits until a user has that many messages; returns what there is when the limit passes.
  ///
  /// Postfix writes its log after each delivery, which rings for the mailbox too.
  package func waitForMail(of user: String, count: Int = 1, seconds: Double = 20) -> [Data] {
    let watch = FileWatch(directory.file("mail.log"))
    _ = watch?.wait(seconds: seconds) { mail(of: user).count >= count }
    return mail(of: user)
  }

  /// Waits until a line of its log has all these words.
  package func waitForLog(containing words: String..., seconds: Double = 20) -> Bool {
    let watch = FileWatch(directory.file("mail.log"))
    return watch?.wait(seconds: seconds) {
      log.split(separator: "\n").contains { line in words.allSatisfy { line.contains($0) } }
    } ?? false
  }

  /// Its sendmail command: mail as a program of this host sends it.
  package func sendmail(_ arguments: [String], input: [UInt8]) throws {
    let process = try ChildProcess(
      PrivatePostfix.script.path, ["sendmail", directory.path] + arguments, input: input)
    guard process.waitForExit(seconds: 30) == 0 else { throw Trouble(sentence: process.errors) }
  }

  private struct Trouble: Error {
    let sentence: String
  }

  private static func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> String {
    let process = Process()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = script
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Trouble(sentence: String(decoding: complaint, as: UTF8.self))
    }
    return String(decoding: text, as: UTF8.self)
  }
}
