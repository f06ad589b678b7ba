import Foundation
import Glibc
import TestSupport

/// A running MilterProbe; killed with the value. libmilter runs once per process, so every test
/// has its own.
final class ProbeProcess {
  struct Failure: Error, CustomStringConvertible { let description: String }

  let address: String
  let pid: pid_t
  /// Its standard input and output.
  private let channel: Int32
  private var pending: [UInt8] = []
  private var isReaped = false

  /// Starts it and waits until it listens.
  convenience init(_ address: String, _ arguments: String..., descriptor: Int32? = nil) throws {
    try self.init(starting: address, arguments, descriptor: descriptor)
    let line = try line()
    guard line == "listening" else { throw Failure(description: "probe: \(line)") }
  }

  /// Starts it only, for addresses at which it cannot listen.
  init(starting address: String, _ arguments: [String] = [], descriptor: Int32? = nil) throws {
    self.address = address
    // One socket for both ways, closed on exec from the start: tests start probes in parallel.
    var ends: [Int32] = [0, 0]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw Failure(description: "no socket pair")
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    if let descriptor { posix_spawn_file_actions_adddup2(&actions, descriptor, 3) }
    let program = Self.program
    var argv = ([program, address] + arguments).map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    var child: pid_t = 0
    let result = posix_spawn(&child, program, &actions, nil, &argv, environ)
    close(ends[1])
    channel = ends[0]
    pid = child
    guard result == 0 else {
      isReaped = true
      throw Failure(description: "cannot start \(program)")
    }
  }

  deinit {
    kill()
    close(channel)
  }

  /// Beside the test program.
  private static var program: String {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent()
      .appendingPathComponent("MilterProbe").path
  }

  func kill() {
    guard !isReaped else { return }
    Glibc.kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
    isReaped = true
  }

  func tell(_ command: String) {
    let bytes = Array((command + "\n").utf8)
    _ = write(channel, bytes, bytes.count)
  }

  /// The next line it prints.
  func line(within seconds: Double = 10) throws -> String {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
      if let end = pending.firstIndex(of: 10) {
        defer { pending.removeFirst(end + 1) }
        return String(decoding: pending[..<end], as: UTF8.self)
      }
      var entry = pollfd(fd: channel, events: Int16(POLLIN), revents: 0)
      let left = Int32(max(0, deadline.timeIntervalSinceNow * 1000))
      guard poll(&entry, 1, left) > 0 else { throw Failure(description: "no line in time") }
      var buffer = [UInt8](repeating: 0, count: 65536)
      let count = read(channel, &buffer, buffer.count)
      guard count > 0 else { throw Failure(description: "the probe has ended") }
      pending += buffer.prefix(count)
    }
  }

  /// All lines up to one that ends like that, inclusive.
  func lines(through suffix: String) throws -> [String] {
    var lines: [String] = []
    repeat { lines.append(try line()) } while !lines[lines.count - 1].hasSuffix(suffix)
    return lines
  }

  var descriptorCount: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? -1
  }

  func client() throws -> MilterClient { try MilterClient(address) }

  /// Passes when the probe still serves a whole message.
  func servesAMessage() throws -> Bool {
    let client = try client()
    try client.negotiate()
    try client.connect()
    try client.helo()
    try client.mail("<a@example.com>")
    try client.rcpt("<b@example.com>")
    try client.data()
    try client.header("Subject", " still here")
    try client.endOfHeaders()
    try client.body(Array("hello\r\n".utf8))
    let reply = try client.endOfMessage()
    try client.quit()
    return reply == "c"
  }
}
