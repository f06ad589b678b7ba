/// What a filter does with one SMTP connection.
///
/// libmilter calls one session from one thread at a time, but from changing threads: no lock is
/// needed, and nothing may hang on the thread (thread-locals, task-locals).
///
/// Order: `connect`, `helo`, then for each message `envelopeFrom`, `recipient`..., `header`...,
/// `endOfHeaders`, `body`..., `endOfMessage`; `close` comes last. The bridge guarantees what a
/// broken peer does not:
/// - `envelopeFrom` always begins a new message; an unfinished one before it hears `abort`.
/// - No event of a message comes before its `envelopeFrom` or after a reply that ended it.
/// - `abort` comes only while a message is open.
/// Not guaranteed: that `connect` or `helo` come at all, and that `close` comes when the process
/// stops.
///
/// Text that is replayed to an MTA (addresses, ESMTP parameters, header fields) is passed as the
/// bytes that came, since it need not be UTF-8. Text that is only told (client name, HELO, macros)
/// is a String, with U+FFFD for what is not UTF-8.
package protocol MilterSession: AnyObject {
  /// A client has connected to the MTA. `accept` lets all its messages pass unseen.
  func connect(_ client: ConnectFacts, macros: borrowing MilterMacros) -> MilterReply

  /// HELO or EHLO; comes again when the client says it again, so after STARTTLS.
  func helo(_ name: String)

  /// MAIL FROM. The address comes without angle brackets; empty is the null sender.
  /// An MTA of protocol 6 does not wait for the reply, and hears it at DATA instead.
  /// ESMTP parameters are verbatim, one per element: `BODY=8BITMIME`.
  func envelopeFrom(
    _ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros
  ) -> MilterReply

  /// RCPT TO of a recipient that the MTA has accepted; without angle brackets.
  func recipient(_ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros)

  /// One header field. The value is what follows the colon, with its leading space; folded lines
  /// are divided by LF alone. An MTA that cannot send the leading space gets one written in. The bytes are gone
  /// after the call.
  func header(_ name: Span<UInt8>, value: Span<UInt8>)

  /// All header fields have come.
  func endOfHeaders(macros: borrowing MilterMacros) -> MilterReply

  /// A piece of the body, CRLF line ends; the bytes are gone after the call.
  func body(_ chunk: RawSpan) -> MilterReply

  /// The message is complete. The MTA's client waits for this reply. Changes are made before an `accept`.
  func endOfMessage(
    macros: borrowing MilterMacros, changes: borrowing MilterChanges
  ) -> MilterReply

  /// The open message will not be completed.
  func abort()

  /// The connection is gone. Must not block: libmilter may hold its lock (idle time-out).
  func close()
}

extension MilterSession {
  package func connect(_ client: ConnectFacts, macros: borrowing MilterMacros) -> MilterReply {
    .continue
  }
  package func helo(_ name: String) {}
  package func envelopeFrom(
    _ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros
  ) -> MilterReply { .continue }
  package func recipient(
    _ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros
  ) {}
  package func header(_ name: Span<UInt8>, value: Span<UInt8>) {}
  package func endOfHeaders(macros: borrowing MilterMacros) -> MilterReply { .continue }
  package func body(_ chunk: RawSpan) -> MilterReply { .continue }
  package func endOfMessage(
    macros: borrowing MilterMacros, changes: borrowing MilterChanges
  ) -> MilterReply { .continue }
  package func abort() {}
  package func close() {}
}

extension Array where Element == UInt8 {
  /// Appends a copy of the bytes; what a session does to keep a body chunk.
  package mutating func append(copying chunk: RawSpan) {
    unsafe chunk.withUnsafeBytes { bytes in unsafe append(contentsOf: bytes) }
  }

  /// Appends a copy of the bytes; what a session does to keep a header field.
  package mutating func append(copying text: Span<UInt8>) {
    unsafe text.withUnsafeBufferPointer { bytes in unsafe append(contentsOf: bytes) }
  }
}
