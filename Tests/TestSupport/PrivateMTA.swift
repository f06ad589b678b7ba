package import Foundation

/// A real MTA of a test's own, gone with the value; needs root.
///
/// A script of Scripts/ starts it in a directory, with the lines of a folder of postfix-examples. Every
/// address is local, so no mail leaves it.
package protocol PrivateMTA: AnyObject, Sendable {
  /// Where it takes mail from everyone.
  var smtpPort: UInt16 { get }
  /// Where it takes mail back, without the filter.
  var reinjectPort: UInt16 { get }
  /// Where it looks for the content filter.
  var filterPort: UInt16 { get }
  var directory: TemporaryDirectory { get }
  /// Below its directory.
  var logFile: String { get }
  /// Its name in Scripts/.
  static var script: String { get }
}

extension PrivateMTA {
  /// Its log so far.
  package var log: String {
    (try? String(contentsOfFile: directory.file(logFile), encoding: .utf8)) ?? ""
  }

  /// The messages in a user's mailbox, the oldest first: `ann` for ann@example.com.
  package func mail(of user: String) -> [Data] {
    let folder = directory.url.appendingPathComponent("mail/\(user)/new")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().compactMap { try? Data(contentsOf: folder.appendingPathComponent($0)) }
  }

  /// Waits until a user has that many messages; returns what there is when the limit passes.
  ///
  /// An MTA writes its log after each delivery, which rings for the mailbox too.
  package func waitForMail(of user: String, count: Int = 1, seconds: Double = 60) -> [Data] {
    let watch = FileWatch(directory.file(logFile))
    _ = watch?.wait(seconds: seconds) { mail(of: user).count >= count }
    return mail(of: user)
  }

  /// Waits until a line of its log has all these words.
  package func waitForLog(containing words: String..., seconds: Double = 20) -> Bool {
    let watch = FileWatch(directory.file(logFile))
    return watch?.wait(seconds: seconds) {
      log.split(separator: "\n").contains { line in words.allSatisfy { line.contains($0) } }
    } ?? false
  }

  /// Its sendmail command: mail as a program of this host sends it.
  package func sendmail(_ arguments: [String], input: [UInt8]) throws {
    try Self.run(["sendmail", directory.path] + arguments, input: input)
  }

  /// Writes a program that is its sendmail(1) command, and nothing but that, to this path.
  package func installSendmail(at path: String) throws {
    try ChildProcess.install(
      script: "exec '\(Self.scriptPath)' sendmail '\(directory.path)' \"$@\"", at: path)
  }

  /// The program that a pipe transport of its calls: this daemon's.
  package func installProgram(of milter: RunningMilter) throws {
    let wrapper = """
      #!/bin/sh
      command=$1
      shift
      exec \(milter.program) "$command" --config \(milter.configuration) "$@"

      """
    let path = directory.file("voicemail-milter")
    try wrapper.write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  /// Starts one; what its script says of it, a value a name.
  static func start(
    in directory: TemporaryDirectory, example: String, without: String? = nil,
    _ settings: [String] = []
  ) throws -> (String) throws -> String {
    let output = try run(
      ["start", directory.path] + settings,
      environment: ["EXAMPLE=\(example)", "WITHOUT=\(without ?? "")"])
    let values = output.split(separator: "\n").reduce(into: [String: String]()) { values, line in
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    return { name in
      guard let value = values[name] else {
        throw ChildProcess.Failure(description: "\(script) start said no \(name): \(output)")
      }
      return value
    }
  }

  static func stop(_ directory: TemporaryDirectory) { _ = try? run(["stop", directory.path]) }

  private static var scriptPath: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Scripts/\(script)").standardizedFileURL.path
  }

  @discardableResult
  private static func run(
    _ arguments: [String], environment: [String] = [], input: [UInt8] = []
  ) throws -> String {
    let process = try ChildProcess(
      "/usr/bin/env", environment + [scriptPath] + arguments, input: input)
    guard process.waitForExit(seconds: 60) == 0 else {
      throw ChildProcess.Failure(description: process.errors)
    }
    return String(decoding: process.output, as: UTF8.self)
  }
}
