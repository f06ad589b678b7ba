import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Operations

@Suite struct Control {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = ControlSocket.path(stateDirectory: directory.path)
  }

  @Test func `a question reaches the daemon and its answer comes back`() throws {
    try ControlSocket.serve(at: path) { request in
      .init(failed: request.words.first == "fail", request.words.joined(separator: "|"))
    }
    let reply = try ControlSocket.ask(["show", "0abc def", "--json", "ü\n"], at: path)
    #expect(reply.text == "show|0abc def|--json|ü\n")
    #expect(!reply.failed)
    let failed = try ControlSocket.ask(["fail"], at: path)
    #expect(failed.failed)
    #expect(try ControlSocket.ask(["x"], at: path).text == "x")
    #expect(try ControlSocket.ask([], at: path).text.isEmpty)
    // An empty value is a value.
    #expect(
      try ControlSocket.ask(["hold", "--reason", "", "ID", ""], at: path).text
        == "hold|--reason||ID|")
  }

  @Test func `a large answer arrives whole`() throws {
    let text = String(repeating: "0123456789", count: 500_000)
    try ControlSocket.serve(at: path) { _ in .init(text) }
    #expect(try ControlSocket.ask(["status"], at: path).text == text)
  }

  @Test func `a question too long is refused, not cut`() throws {
    let calls = Counter()
    try ControlSocket.serve(at: path) { _ in
      calls.add()
      return .init("no")
    }
    for length in [4_096, 100_000, 1_000_000] {
      let reply = try ControlSocket.ask([String(repeating: "a", count: length)], at: path)
      #expect(reply.failed)
      #expect(reply.text == "a request must be shorter than 4096 bytes")
    }
    #expect(calls.value == 0)
    #expect(try ControlSocket.ask([String(repeating: "a", count: 4_095)], at: path).text == "no")
  }

  @Test func `bytes of any kind and the word for the next page arrive as they are`() throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try ControlSocket.serve(at: path) { request in
      .init(status: 66, content: bytes, next: request.words.first)
    }
    let reply = try ControlSocket.ask(["id/7"], at: path)
    #expect(reply.status == 66)
    #expect(reply.content == bytes)
    #expect(reply.next == "id/7")
    #expect(try ControlSocket.ask([], at: path).next == nil)
  }

  @Test func `the daemon knows who asks`() throws {
    try ControlSocket.serve(at: path) { .init("\($0.userID)") }
    #expect(try ControlSocket.ask(["x"], at: path).text == "\(getuid())")
  }

  @Test func `an answer that is cut off is no answer`() throws {
    #expect(ControlReply(wire: Array("0 5\nhell".utf8)) == nil)
    #expect(ControlReply(wire: Array("0 5\nhello!".utf8)) == nil)
    #expect(ControlReply(wire: Array("0\n".utf8)) == nil)
    #expect(ControlReply(wire: []) == nil)
    #expect(ControlReply(wire: Array("0 5 n\nhello".utf8))?.text == "hello")
  }

  @Test func `one that takes its time holds up nobody`() throws {
    let release = DispatchSemaphore(value: 0)
    try ControlSocket.serve(at: path) { request in
      if request.words == ["drain"] { release.wait() }
      return .init(request.words.joined())
    }
    let path = path
    let answers = Mutex<[String]>([])
    let group = DispatchGroup()
    for number in 1..<ControlSocket.callers {
      DispatchQueue(label: "caller \(number)").async(group: group) {
        let reply = try? ControlSocket.ask(["drain"], at: path)
        answers.withLock { $0.append(reply?.text ?? "none") }
      }
    }
    for _ in 1...20 { #expect(try ControlSocket.ask(["status"], at: path).text == "status") }
    #expect(answers.withLock { $0 } == [])
    for _ in 1..<ControlSocket.callers { release.signal() }
    group.wait()
    #expect(
      answers.withLock { $0 } == Array(repeating: "drain", count: ControlSocket.callers - 1))
  }

  @Test func `root and the daemon's group get in, nobody else`() throws {
    try ControlSocket.serve(at: path) { .init("user \($0.userID)") }
    let facts = try FileManager.default.attributesOfItem(atPath: path)
    #expect(facts[.posixPermissions] as? Int == 0o660)
    #expect(facts[.groupOwnerAccountID] as? UInt32 == getegid())
    #expect(facts[.type] as? FileAttributeType == .typeSocket)
    let ask = """
      import socket, sys
      s = socket.socket(socket.AF_UNIX)
      try: s.connect(sys.argv[1])
      except PermissionError: sys.exit("refused")
      s.sendall(b"x"); s.shutdown(1); sys.stdout.write(s.recv(100).decode())
      """
    func asNobody(_ groups: String) throws -> ChildProcess {
      let process = try ChildProcess(
        "/usr/bin/setpriv",
        ["--reuid=nobody", "--regid=nogroup", groups, "/usr/bin/python3", "-c", ask, path])
      _ = process.waitForExit(seconds: 30)
      return process
    }
    #expect(try asNobody("--clear-groups").errors == "refused\n")
    let member = try asNobody("--groups=\(getegid())")
    #expect(String(decoding: member.output, as: UTF8.self).hasSuffix("user 65534"))
  }

  @Test func `a caller that says nothing holds up nobody for long`() throws {
    try ControlSocket.serve(at: path, patienceMS: 100) { .init($0.words.joined()) }
    let silent = try connect()
    defer { close(silent) }
    let start = ContinuousClock.now
    #expect(try ControlSocket.ask(["next"], at: path).text == "next")
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func `a caller that drips has its time in all, not for each byte`() throws {
    try ControlSocket.serve(at: path, patienceMS: 300) { .init($0.words.joined()) }
    let slow = try connect()
    defer { close(slow) }
    let stop = Mutex(false)
    let group = DispatchGroup()
    DispatchQueue(label: "drip").async(group: group) {
      // 4 000 bytes at 20 ms are longer than this test may take.
      while !stop.withLock({ $0 }) {
        if send(slow, "x", 1, Int32(MSG_NOSIGNAL)) < 1 { break }
        usleep(20_000)
      }
    }
    let start = ContinuousClock.now
    #expect(try ControlSocket.ask(["next"], at: path).text == "next")
    #expect(ContinuousClock.now - start < .seconds(40))
    stop.withLock { $0 = true }
    group.wait()
  }

  @Test func `a caller that goes away without reading is nobody's trouble`() throws {
    try ControlSocket.serve(at: path, patienceMS: 2_000) { _ in
      .init(String(repeating: "x", count: 1_000_000))
    }
    for _ in 0..<5 { close(try connect()) }
    #expect(try ControlSocket.ask(["x"], at: path).text.count == 1_000_000)
  }

  @Test func `a daemon that does not answer is told so, in time`() throws {
    let release = DispatchSemaphore(value: 0)
    try ControlSocket.serve(at: path) { _ in
      release.wait()
      return .init("")
    }
    defer { release.signal() }
    let error = #expect(throws: ControlError.self) {
      try ControlSocket.ask(["x"], at: path, patienceMS: 50)
    }
    #expect(error == ControlError(.other, "control socket \(path): no answer"))
  }

  @Test func `no daemon: the command may help itself`() throws {
    let none = #expect(throws: ControlError.self) { try ControlSocket.ask(["x"], at: path) }
    #expect(none?.kind == .down)
    #expect(none?.sentence == "control socket \(path): No such file or directory")

    // What a dead daemon leaves behind: a socket file that nobody listens at.
    let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #expect(withAddress { bind(dead, $0, $1) } == 0)
    close(dead)
    let left = #expect(throws: ControlError.self) { try ControlSocket.ask(["x"], at: path) }
    #expect(left?.kind == .down)
    try ControlSocket.serve(at: path) { _ in .init("alive") }
    #expect(try ControlSocket.ask(["x"], at: path).text == "alive")
  }

  @Test func `a place where no socket can be`() throws {
    let long = directory.file(String(repeating: "d", count: 120))
    for attempt in ["serve", "ask"] {
      let error = #expect(throws: ControlError.self) {
        if attempt == "serve" {
          try ControlSocket.serve(at: long) { _ in .init("") }
        } else {
          _ = try ControlSocket.ask(["x"], at: long)
        }
      }
      #expect(error?.kind == .other)
      #expect(
        error?.sentence
          == "control socket \(long): the path has \(long.utf8.count) bytes, a Unix socket's at "
          + "most 107; choose a shorter state_directory")
    }
    let missing = directory.file("none/control.sock")
    let error = #expect(throws: ControlError.self) {
      try ControlSocket.serve(at: missing) { _ in .init("") }
    }
    #expect(error?.sentence == "control socket \(missing): No such file or directory")
  }

  private func connect() throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #expect(withAddress { Glibc.connect(descriptor, $0, $1) } == 0)
    return descriptor
  }

  private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
  }
}
