import Foundation
import Glibc

/// The MTA's side of the milter protocol, versions 2 to 6, byte for byte.
///
/// Sends what it is told, also nonsense; reads packets with a time limit.
package final class MilterClient {
  package struct Packet: Equatable, CustomStringConvertible {
    package var command: Character
    package var data: [UInt8]

    package init(_ command: Character, _ data: [UInt8] = []) {
      self.command = command
      self.data = data
    }

    package var description: String {
      data.isEmpty ? "\(command)" : "\(command)+\(data.count)"
    }
  }

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
  }

  /// What was agreed on; the filter's list of macros follows the three numbers.
  package struct Agreement: Equatable {
    package var version: UInt32
    package var actions: UInt32
    package var steps: UInt32
    package var macros: [UInt8]

    package init(version: UInt32, actions: UInt32, steps: UInt32, macros: [UInt8]) {
      self.version = version
      self.actions = actions
      self.steps = steps
      self.macros = macros
    }

    package func has(_ step: UInt32) -> Bool { steps & step != 0 }
  }

  /// SMFIP_*, SMFIF_* of libmilter/mfdef.h.
  package static let allActions: UInt32 = 0x1ff
  package static let allSteps: UInt32 = 0x1f_ffff
  package static let version2Actions: UInt32 = 0x3f
  package static let version2Steps: UInt32 = 0x7f
  package static let silentHeader: UInt32 = 0x80
  package static let noUnknown: UInt32 = 0x100
  package static let noData: UInt32 = 0x200
  package static let skip: UInt32 = 0x400
  package static let silentHelo: UInt32 = 0x2000
  package static let silentMail: UInt32 = 0x4000
  package static let silentRecipient: UInt32 = 0x8000
  package static let leadingSpace: UInt32 = 0x10_0000

  package private(set) var agreement = Agreement(version: 0, actions: 0, steps: 0, macros: [])
  /// Each byte in a write of its own.
  package var sendsSingleBytes = false
  private let descriptor: Int32
  private var isOpen = true

  /// Connects to `unix:/path`, `inet:port@127.0.0.1` or `inet6:port@::1`.
  package init(_ address: String) throws {
    if address.hasPrefix("unix:") {
      descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: address.dropFirst(5).utf8) }
      try Self.connect(descriptor, name, address)
    } else if address.hasPrefix("inet6:") {
      let port = address.dropFirst(6).split(separator: "@").first.flatMap { UInt16($0) } ?? 0
      descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
      var name = sockaddr_in6()
      name.sin6_family = sa_family_t(AF_INET6)
      name.sin6_port = port.bigEndian
      name.sin6_addr = in6addr_loopback
      try Self.connect(descriptor, name, address)
    } else {
      let port = address.dropFirst(5).split(separator: "@").first.flatMap { UInt16($0) } ?? 0
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = port.bigEndian
      name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      try Self.connect(descriptor, name, address)
    }
  }

  deinit { close() }

  package func close() {
    if isOpen { Glibc.close(descriptor) }
    isOpen = false
  }

  // MARK: - Packets

  package func send(_ command: Character, _ data: [UInt8] = []) throws {
    try sendRaw(Self.number(UInt32(data.count + 1)) + [command.asciiValue ?? 0] + data)
  }

  /// Bytes as they are, for what no MTA would send.
  package func sendRaw(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { rest in
        Glibc.send(
          descriptor, rest.baseAddress, sendsSingleBytes ? 1 : rest.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure("send: \(String(cString: strerror(errno)))") }
      sent += count
    }
  }

  /// The next packet; nil when the filter has closed the connection.
  package func receive(within seconds: Double = 10) throws -> Packet? {
    let deadline = Date().addingTimeInterval(seconds)
    guard let head = try read(4, deadline) else { return nil }
    let length = head.reduce(0) { $0 << 8 | Int($1) }
    guard (1...1 << 24).contains(length) else { throw Failure("packet of \(length) bytes") }
    guard let packet = try read(length, deadline) else { throw Failure("cut packet") }
    return Packet(Character(Unicode.Scalar(packet[0])), Array(packet.dropFirst()))
  }

  /// Whether the filter stays silent for a moment; only to show that a reply is not sent.
  package func staysSilent(for milliseconds: Int32 = 150) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) == 0
  }

  private func read(_ count: Int, _ deadline: Date) throws -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let left = Int32(max(0, deadline.timeIntervalSinceNow * 1000))
      guard poll(&entry, 1, left) > 0 else { throw Failure("no reply in time") }
      var buffer = [UInt8](repeating: 0, count: count - bytes.count)
      let received = recv(descriptor, &buffer, buffer.count, 0)
      if received <= 0 {
        // A reset is a close to us.
        if bytes.isEmpty { return nil }
        throw Failure("connection closed within a packet")
      }
      bytes += buffer.prefix(received)
    }
    return bytes
  }

  // MARK: - The steps of an MTA

  /// OPTNEG, with the answer it got.
  @discardableResult
  package func negotiate(
    version: UInt32 = 6, actions: UInt32 = allActions, steps: UInt32 = allSteps
  ) throws -> Agreement {
    try send("O", Self.number(version) + Self.number(actions) + Self.number(steps))
    guard let reply = try receive() else { throw Failure("closed at negotiation") }
    guard reply.command == "O", reply.data.count >= 12 else {
      throw Failure("negotiation answered with \(reply)")
    }
    func value(_ index: Int) -> UInt32 {
      reply.data[index * 4..<index * 4 + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
    agreement = Agreement(
      version: value(0), actions: value(1), steps: value(2), macros: Array(reply.data.dropFirst(12))
    )
    return agreement
  }

  /// Macros of a stage, given by the letter of its command.
  package func macros(_ stage: Character, _ values: KeyValuePairs<String, String>) throws {
    try send("D", [stage.asciiValue ?? 0] + values.flatMap { Self.strings($0.key, $0.value) })
  }

  /// The reply's letter, or nil where the filter asked not to reply.
  @discardableResult
  package func step(
    _ command: Character, _ data: [UInt8] = [], silentBy flag: UInt32 = 0
  ) throws -> Character? {
    try send(command, data)
    if agreement.steps & flag != 0 { return nil }
    guard let reply = try receive() else { throw Failure("closed at \(command)") }
    return reply.command
  }

  @discardableResult
  package func connect(
    name: String = "pbx.example.com", address: String = "192.0.2.10", port: UInt16 = 54321
  ) throws -> Character? {
    let family: Character = address.contains(":") ? "6" : "4"
    return try step(
      "C",
      Self.strings(name) + [family.asciiValue ?? 0, UInt8(port >> 8), UInt8(port & 255)]
        + Self.strings(address))
  }

  @discardableResult
  package func helo(_ name: String = "pbx.example.com") throws -> Character? {
    try step("H", Self.strings(name), silentBy: Self.silentHelo)
  }

  @discardableResult
  package func mail(_ arguments: String...) throws -> Character? {
    try step("M", arguments.flatMap { Self.strings($0) }, silentBy: Self.silentMail)
  }

  @discardableResult
  package func rcpt(_ arguments: String...) throws -> Character? {
    try step("R", arguments.flatMap { Self.strings($0) }, silentBy: Self.silentRecipient)
  }

  /// DATA, for MTAs that know it (version 4 and later).
  @discardableResult
  package func data() throws -> Character? {
    if agreement.version < 4 || agreement.has(Self.noData) { return nil }
    return try step("T")
  }

  @discardableResult
  package func header(_ name: String, _ value: [UInt8]) throws -> Character? {
    try step("L", Self.strings(name) + value + [0], silentBy: Self.silentHeader)
  }

  @discardableResult
  package func header(_ name: String, _ value: String) throws -> Character? {
    try header(name, Array(value.utf8))
  }

  @discardableResult
  package func endOfHeaders() throws -> Character? { try step("N") }

  @discardableResult
  package func body(_ chunk: [UInt8]) throws -> Character? { try step("B", chunk) }

  @discardableResult
  package func endOfMessage() throws -> Character? { try step("E") }

  package func abort() throws { try send("A") }
  package func quit() throws { try send("Q") }

  // MARK: - Encoding

  package static func number(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  /// Each string with its NUL.
  package static func strings(_ values: String...) -> [UInt8] {
    values.flatMap { Array($0.utf8) + [0] }
  }

  private static func connect<Name>(_ descriptor: Int32, _ name: Name, _ address: String) throws {
    let result = withUnsafeBytes(of: name) { bytes in
      Glibc.connect(
        descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
        socklen_t(bytes.count))
    }
    guard result == 0 else {
      let reason = String(cString: strerror(errno))
      Glibc.close(descriptor)
      throw Failure("connect to \(address): \(reason)")
    }
  }
}
