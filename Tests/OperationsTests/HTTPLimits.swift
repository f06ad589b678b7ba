import Glibc
import TestSupport
import Testing

@testable import Operations

@Suite("The HTTP server's limits") struct HTTPLimits {
  /// Serves `body` on a free port until the end of `use`.
  private func serve(_ limit: Duration, _ body: String = "here\n", _ use: (UInt16) throws -> Void)
    throws
  {
    // Another process may be quicker to take a port that was free.
    for port in UInt16.random(in: 20_000..<32_000)... {
      let address = try #require(HTTPListenAddress("127.0.0.1:\(port)"))
      guard
        let server = try? HTTPServer(
          address, limit: limit, names: { [] }, answer: { _ in HTTPAnswer("text/plain", body) })
      else { continue }
      defer { server.stop() }
      return try use(port)
    }
  }

  private func connect(_ port: UInt16) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafeBytes(of: address) {
      Glibc.connect(
        descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
    }
    #expect(connected == 0)
    return descriptor
  }

  /// Says one byte after the other, each after a moment without an answer; how long until the connection's end.
  private func trickle(_ descriptor: Int32) -> Duration {
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(20) {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, 20) > 0 { break }
      if send(descriptor, "x", 1, Int32(MSG_NOSIGNAL)) != 1 { break }
    }
    return start.duration(to: .now)
  }

  private func page(_ port: UInt16) throws -> String {
    let wire = try SMTPWire(port: port)
    try wire.write("GET / HTTP/1.0\r\n\r\n")
    return try wire.rest()
  }

  @Test func `requests that trickle in end in time, and make room for others`() throws {
    try serve(.milliseconds(300)) { port in
      let start = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
      // All the places that there are.
      let others = (0..<31).map { _ in connect(port) }
      for other in others { _ = send(other, start, start.utf8.count, Int32(MSG_NOSIGNAL)) }
      let slow = connect(port)
      _ = send(slow, start, start.utf8.count, Int32(MSG_NOSIGNAL))
      let took = trickle(slow)
      #expect(took > .milliseconds(200) && took < .seconds(10), "\(took)")
      for descriptor in others + [slow] {
        // Its end is the server's: nothing more is said to it.
        _ = trickle(descriptor)
        close(descriptor)
      }
      // Until libmicrohttpd has seen them end, it turns others away.
      let end = ContinuousClock.now + .seconds(10)
      var text = ""
      while text.isEmpty, ContinuousClock.now < end { text = try page(port) }
      #expect(text.hasSuffix("\nhere\n"))
    }
  }

  @Test func `a reader that takes its time gets no more than fits into it`() throws {
    // Far more than the kernel keeps for it.
    let body = String(repeating: "much ", count: 8_000_000)
    try serve(.milliseconds(300), body) { port in
      let slow = connect(port)
      let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
      _ = send(slow, request, request.utf8.count, Int32(MSG_NOSIGNAL))
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let start = ContinuousClock.now
      var total = 0
      while true {
        let isSlow = start.duration(to: .now) < .milliseconds(800)
        // One that nobody writes to: a pause.
        if isSlow { poll(nil, 0, 20) }
        let count = recv(slow, &bytes, isSlow ? 64 : bytes.count, 0)
        guard count > 0 else { break }
        total += count
      }
      close(slow)
      #expect(total > 0 && total < body.utf8.count, "\(total)")
    }
  }
}
