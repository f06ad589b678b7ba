import Foundation
import TestSupport
import Testing

@testable import Operations

@Suite struct Logging {
  /// What a log of that level writes.
  private func written(
    _ level: LogLevel = .debug, toJournal: Bool = true, format: LogFormat = .text,
    _ body: (Log) -> Void
  ) throws -> String {
    let pipe = Pipe()
    body(
      Log(
        level: level,
        sink: toJournal
          ? .prefixed(pipe.fileHandleForWriting.fileDescriptor)
          : .stream(pipe.fileHandleForWriting.fileDescriptor, format)))
    try pipe.fileHandleForWriting.close()
    return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  }

  @Test(arguments: [
    ("plain", "plain"), ("two words", #""two words""#), ("", #""""#), ("a=b", #""a=b""#),
    (#"say "hi""#, #""say \"hi\"""#), (#"back\slash it"#, #""back\\slash it""#),
    (#"a\b"#, #"a\b"#), ("line\nnext", "line?next"), ("\r\n", "??"), ("tab\there", "tab?here"),
    ("\u{0}\u{1b}[2J\u{7f}", "??[2J?"), ("\u{85}\u{9b}\u{2028}\u{2029}", "????"), ("zoë", "zoë"),
    // A combining mark makes one character of itself and the quote or space before it.
    ("x\"\u{301} level=error", "\"x\\\"\u{301} level=error\""), ("x \u{301}y", "\"x \u{301}y\""),
  ])
  func `a value stays one value on one line`(value: String, shown: String) throws {
    let line = try written { $0.info("event", ["name": value]) }
    #expect(line == "<6>info: event name=\(shown)\n")
  }

  @Test func `an event stays on its line, and a field without value is left out`() throws {
    let line = try written { $0.info("a\nb", ["one": nil, "two": "2"]) }
    #expect(line == "<6>info: a?b two=2\n")
  }

  @Test(arguments: [
    (LogLevel.error, ["error"]), (.warning, ["error", "warning"]),
    (.info, ["error", "warning", "info"]), (.debug, ["error", "warning", "info", "debug"]),
  ])
  func `a level shows itself and what is graver`(level: LogLevel, shown: [String]) throws {
    let text = try written(level, toJournal: false) { log in
      log.error("x")
      log.warning("x")
      log.info("x")
      log.debug("x")
    }
    let lines = text.split(separator: "\n")
    #expect(lines.map { $0.split(separator: " ")[1] } == shown.map { "\($0):" })
  }

  @Test func `the journal reads the level from the line's beginning`() throws {
    let text = try written { log in
      log.error("x")
      log.warning("x")
      log.info("x")
      log.debug("x")
    }
    #expect(text == "<3>error: x\n<4>warning: x\n<6>info: x\n<7>debug: x\n")
  }

  @Test func `elsewhere a line begins with the time and its zone`() throws {
    let line = try written(toJournal: false) { $0.info("x") }
    let stamp = try #require(line.split(separator: " ").first)
    #expect(stamp.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}/) != nil)
  }

  @Test func `lines of many threads do not mix`() throws {
    let text = try written { log in
      DispatchQueue.concurrentPerform(iterations: 200) { number in
        log.info("event", ["value": String(repeating: "\(number % 10)", count: 100)])
      }
    }
    let lines = text.split(separator: "\n")
    #expect(lines.count == 200)
    for line in lines { #expect(Set(line.suffix(100)).count == 1) }
  }

  // MARK: - Where it goes

  /// What comes to a Unix datagram socket, as the journal's or syslog's.
  private func received(_ sink: (DatagramSender) -> LogSink, _ body: (Log) -> Void) throws
    -> [String]
  {
    let directory = try TemporaryDirectory()
    let path = directory.file("log")
    let reader = try ChildProcess(
      "/usr/bin/python3",
      [
        "-c",
        """
        import socket, sys
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(sys.argv[1])
        print("bound", file=sys.stderr, flush=True)
        while True:
            data = s.recv(65536)
            if data == b"end": break
            sys.stdout.buffer.write(data + b"\\0")
        """, path,
      ])
    #expect(reader.waitForErrors(seconds: 20) { $0.contains("bound") })
    let sender = DatagramSender(path: path)
    body(Log(level: .debug, sink: sink(sender)))
    #expect(sender.send(Array("end".utf8)))
    #expect(reader.waitForExit(seconds: 20) == 0)
    return String(decoding: reader.output, as: UTF8.self).split(separator: "\0").map(String.init)
  }

  @Test func `the journal gets the line, and its fields by name`() throws {
    let entries = try received(LogSink.journal) {
      $0.warning("held back", ["queue_id": "4XYZ", "why": "a b\nMESSAGE=x"])
    }
    #expect(
      entries == [
        """
        MESSAGE=warning: held back queue_id=4XYZ why="a b?MESSAGE=x"
        PRIORITY=4
        SYSLOG_FACILITY=2
        SYSLOG_IDENTIFIER=voicemail-milter
        VOICEMAIL_EVENT=held back
        VOICEMAIL_QUEUE_ID=4XYZ
        VOICEMAIL_WHY=a b?MESSAGE=x

        """
      ])
  }

  @Test func `syslog gets facility mail, the program and its process`() throws {
    let entries = try received(LogSink.syslog) {
      $0.error("x", ["id": "1"])
      $0.debug("y")
    }
    #expect(entries.count == 2)
    let pattern = /<19>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d voicemail-milter\[\d+\]: error: x id=1/
    #expect(entries.first?.wholeMatch(of: pattern) != nil, "\(entries)")
    #expect(entries.last?.hasPrefix("<23>") == true)
  }

  @Test func `nobody at the socket is nobody's trouble`() {
    #expect(!DatagramSender(path: "/nonexistent/log").send([1]))
    #expect(!DatagramSender(path: "/" + String(repeating: "x", count: 300)).send([1]))
  }

  @Test func `JSON is one object a line, whatever is in the values`() throws {
    let text = try written(toJournal: false, format: .json) {
      $0.info(
        "event \"x\"", ["a": "back\\slash \"quoted\"\nnext\u{1}\u{2028}", "b": nil, "zoë": "é"])
      $0.error("y")
    }
    let lines = text.split(separator: "\n")
    #expect(lines.count == 2)
    let first = try #require(
      try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: String])
    #expect(first["event"] == "event \"x\"")
    #expect(first["level"] == "info")
    #expect(first["a"] == "back\\slash \"quoted\"?next???".replacing("???", with: "??"))
    #expect(first["zoë"] == "é")
    #expect(first.keys.count == 5)
    #expect(first["time"]?.contains("T") == true)
  }

  @Test func `addresses appear only where they are asked for`() throws {
    for shows in [false, true] {
      let pipe = Pipe()
      let log = Log(
        level: .debug, sink: .prefixed(pipe.fileHandleForWriting.fileDescriptor),
        showsAddresses: shows)
      log.debug("x", ["to": log.addresses(["ann@example.com", ""])])
      log.showsAddresses.toggle()
      log.debug("x", ["to": log.addresses(["ann@example.com", ""])])
      try pipe.fileHandleForWriting.close()
      let text = String(
        decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      let lines = ["<7>debug: x\n", "<7>debug: x to=<ann@example.com>,<>\n"]
      #expect(text == (shows ? lines.reversed() : lines).joined())
    }
  }
}
