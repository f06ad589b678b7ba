import Foundation
import Testing

@testable import Operations

@Suite struct Logging {
  /// What a log of that level writes.
  private func written(
    _ level: LogLevel = .debug, toJournal: Bool = true, _ body: (Log) -> Void
  ) throws -> String {
    let pipe = Pipe()
    body(
      Log(
        level: level, toJournal: toJournal, descriptor: pipe.fileHandleForWriting.fileDescriptor))
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
}
