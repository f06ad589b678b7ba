import Foundation
import Glibc
import MilterBridge
import TestSupport
import Testing

/// Where the filter listens, and how it stops.
@Suite struct Listening {
  let directory: TemporaryDirectory
  let path: String
  let address: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("m.sock")
    address = "unix:\(path)"
  }

  @Test func `stop ends it within moments and removes the socket`() throws {
    let probe = try ProbeProcess(address)
    let idle = try probe.client()
    try idle.negotiate()
    try idle.connect()
    _ = try probe.line()
    probe.tell("stop")
    #expect(try probe.line(within: 3) == "stopped")
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
  func `libmilter takes no signal of the program's`(_ signal: Int32) throws {
    let probe = try ProbeProcess(address)
    #expect(try probe.servesAMessage())
    kill(probe.pid, signal)
    #expect(try probe.servesAMessage())
    // C: proc(5), a mask in hexadecimal
    let status = try String(contentsOfFile: "/proc/\(probe.pid)/status", encoding: .utf8)
    let pending = try #require(status.firstMatch(of: /ShdPnd:\t([0-9a-f]+)/))
    #expect(UInt64(pending.1, radix: 16) == 1 << UInt64(signal - 1))
  }

  @Test func `a stale socket file is replaced`() throws {
    let killed = try ProbeProcess(address)
    killed.kill()
    #expect(FileManager.default.fileExists(atPath: path))
    let probe = try ProbeProcess(address)
    #expect(try probe.servesAMessage())
  }

  @Test func `the socket of a running process is left alone`() throws {
    let running = try ProbeProcess(address)
    let second = try ProbeProcess(starting: address)
    let line = try second.line()
    #expect(line == "error milter socket \(address): already in use by a running process")
    #expect(try running.servesAMessage())
  }

  @Test func `a file that is no socket is left alone`() throws {
    try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
    let probe = try ProbeProcess(starting: address)
    #expect(
      try probe.line()
        == "error milter socket \(address): a file that is no socket stands at the path")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
  }

  @Test func `the socket of a newer process survives the stop of an older one`() throws {
    let older = try ProbeProcess(address)
    unlink(path)
    let newer = try ProbeProcess(address)
    older.tell("stop")
    #expect(try older.line(within: 10) == "stopped")
    #expect(try newer.servesAMessage())
  }

  @Test(arguments: ["600", "660", "666"])
  func `the socket has the mode that was asked for`(mode: String) throws {
    let probe = try ProbeProcess(address, "mode=\(mode)")
    let attributes = try FileManager.default.attributesOfItem(
      atPath: probe.address.dropping("unix:"))
    let permissions = attributes[.posixPermissions] as? Int
    #expect(permissions == Int(mode, radix: 8))
  }

  @Test func `an unknown group is an error, and leaves no socket behind`() throws {
    let probe = try ProbeProcess(starting: address, ["group=no-such-group"])
    #expect(
      try probe.line()
        == #"error milter socket \#(address): no group "no-such-group" on this system"#)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `a missing directory is named in the error`() throws {
    let probe = try ProbeProcess(starting: "unix:\(path)/no/m.sock")
    #expect(
      try probe.line()
        == "error milter socket unix:\(path)/no/m.sock: cannot bind: No such file or directory")
  }

  @Test func `it serves over TCP, and refuses a port in use`() throws {
    let tcp = "inet:\(try freePort())@127.0.0.1"
    let probe = try ProbeProcess(tcp)
    #expect(try probe.servesAMessage())
    let second = try ProbeProcess(starting: tcp)
    #expect(
      try second.line() == "error milter socket \(tcp): already in use by a running process")
    _ = try probe.lines(through: "close")
    probe.tell("stop")
    #expect(try probe.line(within: 3) == "stopped")
  }

  @Test func `it serves a socket that systemd opened, and leaves the file at its stop`() throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafeBytes(of: name) {
      bind(
        descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
    }
    #expect(bound == 0 && listen(descriptor, 16) == 0)
    for _ in 1...2 {
      let probe = try ProbeProcess("fd:3", descriptor: descriptor)
      // The client speaks to the path; the probe knows the descriptor only.
      let client = try MilterClient(address)
      try client.negotiate()
      #expect(try client.connect() == "c")
      probe.tell("stop")
      _ = try probe.lines(through: "stopped")
    }
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func `a descriptor that does not listen is an error`() throws {
    let probe = try ProbeProcess(starting: "fd:1")
    #expect(
      try probe.line()
        == "error milter socket fd:1: descriptor 1 is a socket that does not listen")
  }

  private func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutableBytes(of: &name) { bytes -> Int32 in
      guard let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress else {
        return -1
      }
      return bind(descriptor, address, size) | getsockname(descriptor, address, &size)
    }
    try #require(result == 0)
    return UInt16(bigEndian: name.sin_port)
  }
}

extension String {
  fileprivate func dropping(_ prefix: String) -> String { String(dropFirst(prefix.count)) }
}
