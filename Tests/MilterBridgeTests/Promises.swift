import Testing

@testable import MilterBridge

/// What the bridge promises even if libmilter should not: its own state machine, without libmilter.
@Suite struct Promises: ~Copyable {
  private final class Recorder: MilterSession {
    var events: [String] = []

    func envelopeFrom(
      _ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros
    ) -> MilterReply {
      events.append("mail")
      return .continue
    }
    func abort() { events.append("abort") }
    func close() { events.append("close") }
  }

  private final class AcceptsTheFirst: MilterSession {
    var messages = 0

    func envelopeFrom(
      _ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros
    ) -> MilterReply {
      messages += 1
      return messages == 1 ? .accept : .continue
    }
  }

  private let recorder = Recorder()
  private let macros = MilterMacros([:])

  @Test func `a verdict on MAIL that nobody waits for is heard at DATA, for that message only`() {
    let silentMail: UInt = 0x4000
    let noReply: Int32 = 7
    let options = MilterOptions(actions: 0, steps: silentMail)
    let connection = MilterConnection(session: AcceptsTheFirst(), options: options)
    #expect(connection.envelopeFrom([Array("<a>".utf8)], macros) == noReply)
    #expect(connection.data() == MilterReply.accept.status)
    #expect(connection.envelopeFrom([Array("<b>".utf8)], macros) == noReply)
    #expect(connection.data() == MilterReply.continue.status)

    let aborted = MilterConnection(session: AcceptsTheFirst(), options: options)
    #expect(aborted.envelopeFrom([Array("<a>".utf8)], macros) == noReply)
    aborted.abort()
    #expect(aborted.endOfHeaders(macros) == MilterReply.continue.status)
    #expect(aborted.envelopeFrom([Array("<b>".utf8)], macros) == noReply)
    #expect(aborted.data() == MilterReply.continue.status)
    aborted.close()
    connection.close()
  }

  @Test func `a second MAIL aborts the open message`() {
    let connection = MilterConnection(session: recorder, options: .none)
    _ = connection.envelopeFrom([Array("<a>".utf8)], macros)
    _ = connection.envelopeFrom([Array("<b>".utf8)], macros)
    #expect(recorder.events == ["mail", "abort", "mail"])
  }

  @Test func `close aborts the open message`() {
    let connection = MilterConnection(session: recorder, options: .none)
    _ = connection.envelopeFrom([Array("<a>".utf8)], macros)
    connection.close()
    #expect(recorder.events == ["mail", "abort", "close"])
  }

  @Test func `abort without a message is not told`() {
    let connection = MilterConnection(session: recorder, options: .none)
    connection.abort()
    _ = connection.envelopeFrom([Array("<a>".utf8)], macros)
    _ = connection.endOfMessage(macros, MilterChanges())
    connection.abort()
    #expect(recorder.events == ["mail"])
  }
}
