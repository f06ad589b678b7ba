package import Foundation
import Glibc

/// The program under test, running as a daemon with a state directory of its own.
///
/// It is killed with the value, its workers with it.
package final class RunningMilter: Sendable {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// How a command ended.
  package struct Ended: Sendable {
    package var status: Int32
    package var output: [UInt8]
    package var errors: String
    package var text: String { String(decoding: output, as: UTF8.self) }
    package var lines: [String] { text.split(separator: "\n").map(String.init) }
  }

  /// `[section] key` = value; `milter.listen` is a socket in the directory unless it is given.
  package typealias Settings = [String: String]

  package let directory: TemporaryDirectory
  package let milterAddress: String
  /// What runs; a copy that anyone may run when the daemon is a user without rights.
  package let program: String
  package let process: ChildProcess
  package var stateDirectory: String { directory.file("state") }
  package var configuration: String { directory.file("voicemail-milter.conf") }
  package var log: String { process.errors }

  /// Beside the test program.
  package static let program: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent()
      .appendingPathComponent("voicemail-milter").path
  }()

  /// Starts it; a directory of an earlier daemon is taken over with its spool.
  ///
  /// `asNobody`: with the rights of the user nobody, as who alone `enqueue` may be called then.
  /// `launcher`: a command that becomes the one behind it.
  package init(
    _ settings: Settings = [:], in directory: TemporaryDirectory? = nil, asNobody: Bool = false,
    by launcher: [String] = [], waitUntilReady: Bool = true
  ) throws {
    let directory = try directory ?? TemporaryDirectory()
    self.directory = directory
    let socket = "unix:" + directory.file("milter.sock")
    var settings = settings
    milterAddress = settings["milter.listen"] ?? socket
    settings["milter.listen"] = milterAddress
    let configuration = directory.file("voicemail-milter.conf")
    try Self.write(settings, to: configuration, in: directory)
    program = asNobody ? try Self.copyForNobody(in: directory) : Self.program
    let rights = ["/usr/bin/setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    let command =
      launcher + (asNobody ? rights : []) + [program, "run", "--config", configuration]
    process = try ChildProcess(command[0], Array(command.dropFirst()))
    guard waitUntilReady else { return }
    guard waitForLog(containing: "info: ready") else {
      throw Failure(description: "not ready: \(log)")
    }
  }

  deinit { kill() }

  /// The program with the libraries of the toolchain: neither need lie where others may walk.
  private static func copyForNobody(in directory: TemporaryDirectory) throws -> String {
    let script = """
      set -e
      mkdir -p "$2/program" && cp "$1" "$2/program"
      ldd "$1" | awk '$3 ~ "/swift/" { print $3 }' | xargs -r cp -t "$2/program"
      chown -R nobody "$2"
      """
    let copying = try ChildProcess("/bin/sh", ["-c", script, "sh", program, directory.path])
    guard copying.waitForExit(seconds: 30) == 0 else { throw Failure(description: copying.errors) }
    return directory.file("program/voicemail-milter")
  }

  /// A configuration file; one worker and short ways unless told otherwise.
  package static func write(
    _ settings: Settings, to path: String, in directory: TemporaryDirectory
  ) throws {
    let usual: Settings = [
      "daemon.state_directory": directory.file("state"), "daemon.workers": "1",
      "daemon.hostname": "filter.test", "milter.socket_mode": "0666", "log.level": "debug",
      "status.listen": "",
    ]
    var sections: [String: [String]] = [:]
    for (name, value) in usual.merging(settings, uniquingKeysWith: { $1 }) {
      let parts = name.split(separator: ".", maxSplits: 1)
      sections[String(parts[0]), default: []].append("\(parts[1])=\(value)")
    }
    let text = sections.sorted { $0.key < $1.key }.map { section, lines in
      "[\(section)]\n" + lines.sorted().joined(separator: "\n") + "\n"
    }
    try text.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  // MARK: - The daemon

  /// Waits until a line of its log has all these words; false at its end or the limit.
  package func waitForLog(containing words: String..., seconds: Double = 60) -> Bool {
    process.waitForErrors(seconds: seconds) { log in
      log.split(separator: "\n").contains { line in words.allSatisfy { line.contains($0) } }
    }
  }

  /// The lines of its log with all these words.
  package func logLines(_ words: String...) -> [String] {
    log.split(separator: "\n").filter { line in words.allSatisfy { line.contains($0) } }
      .map(String.init)
  }

  /// The value of a field in the first line with these words: `field("id", of: "info: voicemail")`.
  package func field(_ name: String, of words: String...) -> String? {
    for line in log.split(separator: "\n") where words.allSatisfy({ line.contains($0) }) {
      for word in line.split(separator: " ") where word.hasPrefix("\(name)=") {
        return String(word.dropFirst(name.count + 1))
      }
    }
    return nil
  }

  /// No signal handler runs, nothing is written down: as in a power failure.
  package func kill() {
    process.signal(SIGKILL)
    _ = process.waitForExit(seconds: 10)
  }

  // MARK: - Its commands

  /// Runs a command with this daemon's configuration.
  package func command(_ arguments: String..., input: [UInt8] = []) throws -> Ended {
    try Self.run(arguments + ["--config", configuration], input: input)
  }

  /// Runs the program.
  package static func run(
    _ arguments: [String], input: [UInt8] = [], seconds: Double = 120
  ) throws -> Ended {
    let process = try ChildProcess(program, arguments, input: input)
    guard let status = process.waitForExit(seconds: seconds) else {
      throw Failure(description: "\(arguments) still runs after \(seconds) s")
    }
    return Ended(status: status, output: process.output, errors: process.errors)
  }

  /// What `status --json` tells, as far as tests ask.
  package struct Status: Decodable, Sendable {
    package struct Worker: Decodable, Sendable {
      package var number: Int
      package var pid: Int32?
      package var doing: String
      package var id: String?
      package var stage: String?
    }
    package struct Delivery: Decodable, Sendable {
      package var target: String
      package var lastFailure: String?
    }
    package struct Daemon: Decodable, Sendable {
      package var pid: Int32
      package var workers: [Worker]
      package var delivery: Delivery
      package var alarms: [String: Int]
    }
    package struct Spool: Decodable, Sendable {
      package var messages: [String: Int]
    }
    package var daemon: Daemon?
    package var spool: Spool
    /// Messages in that state.
    package func count(_ state: String) -> Int { spool.messages[state] ?? 0 }
  }

  package func status() throws -> Status {
    let ended = try command("status", "--json")
    guard ended.status == 0 else { throw Failure(description: "status: \(ended.errors)") }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Status.self, from: Data(ended.output))
  }

  /// Asks `status` until it is as wanted; the last answer when the limit passes.
  package func waitForStatus(
    seconds: Double = 60, until isSo: (Status) -> Bool
  ) throws -> Status {
    let end = Date(timeIntervalSinceNow: seconds)
    while true {
      let status = try status()
      if isSo(status) || Date() > end { return status }
      // Nothing rings here, and the program under test needs the processor.
      usleep(20_000)
    }
  }

  /// The process of the worker that is transcribing now.
  package func waitForTranscribingWorker(otherThan pid: pid_t? = nil) throws -> pid_t {
    let status = try waitForStatus { status in
      status.daemon?.workers.contains { $0.stage == "transcribing" && $0.pid != pid } ?? false
    }
    guard
      let worker = status.daemon?.workers.first(where: {
        $0.stage == "transcribing" && $0.pid != pid
      }), let found = worker.pid
    else { throw Failure(description: "no worker is transcribing: \(status)") }
    return found
  }

  /// Rows in the spool's table of contents; asked of the file with the daemon stopped or idle.
  package var spoolHoldsContent: Bool {
    get throws {
      let sqlite = try ChildProcess(
        "/usr/bin/python3",
        [
          "-c",
          "import sqlite3,sys\n"
            + "c=sqlite3.connect('file:'+sys.argv[1]+'?mode=ro',uri=True)\n"
            + "print(c.execute('SELECT count(*) FROM content').fetchone()[0])",
          stateDirectory + "/spool.sqlite",
        ])
      guard sqlite.waitForExit(seconds: 20) == 0 else {
        throw Failure(description: "the spool could not be read: \(sqlite.errors)")
      }
      return sqlite.output != Array("0\n".utf8)
    }
  }
}
