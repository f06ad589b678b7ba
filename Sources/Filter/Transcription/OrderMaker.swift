internal import Mail
internal import Operations
internal import Voicemail

/// Makes what a worker is asked for one message, but for engines and limits.
struct OrderMaker {
  var settings: Settings
  var recognition: Recognition
  /// The policy's.
  var style: MessageStyle

  struct Subject {
    var id: String
    var receivedMS: Int64
    var original: [UInt8]
    var envelope: Envelope
    var client: ClientFacts
    var voicemail: VoicemailFacts
    var policy: Policy
    var isReply: Bool
  }

  /// Trace line and marker: on top of every message that goes out, enhanced or not.
  static func ownHeaders(
    of original: [UInt8], id: String, client: ClientFacts, receivedMS: Int64, host: String,
    _ loopGuard: LoopGuard
  ) -> [HeaderField] {
    let seconds = receivedMS / 1_000
    return [
      TraceHeader.make(
        client: client, host: host, spoolID: id, unixSeconds: seconds,
        utcOffsetSeconds: Clock.utcOffsetSeconds()),
      loopGuard.marker(
        id: id, unixSeconds: seconds, message: GMimeReader().readHeaders(original)),
    ]
  }

  func order(for subject: Subject) -> WorkOrder {
    var order = subject.isReply ? reply(to: subject) : message(subject)
    order.channels = subject.policy.channels
    return order
  }

  private func message(_ subject: Subject) -> WorkOrder {
    var order = WorkOrder(
      id: subject.id, voicemail: subject.voicemail,
      headers: Self.ownHeaders(
        of: subject.original, id: subject.id, client: subject.client,
        receivedMS: subject.receivedMS, host: settings.hostname, recognition.loopGuard),
      style: style)
    if subject.policy.mode == .headers {
      order.carrier = .headers
    } else if let thread = thread(of: subject), !isInThread(subject.original) {
      order.headers.append(HeaderField("References", thread))
    }
    return order
  }

  private func reply(to subject: Subject) -> WorkOrder {
    let head = ReplyWriter.head(to: subject.original).fields(
      .init(
        id: subject.id, host: settings.hostname,
        address: settings.alarms.alertFrom ?? "MAILER-DAEMON@\(settings.hostname)",
        unixSeconds: Clock.nowMS() / 1_000, utcOffsetSeconds: Clock.utcOffsetSeconds()),
      thread: thread(of: subject))
    // Sealed over the reply's own fields: it is no copy of the message.
    let marker = recognition.loopGuard.marker(
      id: subject.id, unixSeconds: subject.receivedMS / 1_000,
      message: MessageFacts(headers: head, contentType: "multipart/alternative"))
    var style = style
    style.isReply = true
    // What it answers is what its subject says.
    style.subject = .original
    var order = WorkOrder(
      id: subject.id, voicemail: subject.voicemail, headers: [marker], style: style)
    order.carrier = .reply(head: head)
    return order
  }

  /// The caller's conversation, if the policy wants one.
  private func thread(of subject: Subject) -> String? {
    guard subject.policy.threading == .caller else { return nil }
    let loopGuard = recognition.loopGuard
    return loopGuard.callerHash(subject.voicemail, subject.envelope).map {
      loopGuard.callerThread($0, host: settings.hostname)
    }
  }

  private func isInThread(_ original: [UInt8]) -> Bool {
    let message = GMimeReader().readHeaders(original)
    return message.count(of: "References") + message.count(of: "In-Reply-To") > 0
  }
}
