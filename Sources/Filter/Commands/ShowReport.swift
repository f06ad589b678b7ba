internal import Spool
internal import Voicemail

/// What `show` tells of one message: facts and its story, never content.
enum ShowReport {
  static func text(_ job: JobDetails) -> String {
    var text = "\(job.id): \(job.state.rawValue)\n"
    text += Output.row(
      "received", "\(Clock.text(job.receivedMS)), \(Output.size(job.sizeBytes))")
    text += Output.row("client", client(job))
    text += Output.row("sender", "<\(Output.safe(job.sender))>")
    for recipient in job.recipients {
      var line = "<\(Output.safe(recipient.address))>"
      if let reply = recipient.reply { line += "  \(Output.safe(reply))" }
      text += Output.row(recipient.delivered ? "delivered to" : "recipient", line)
    }
    let queueID = job.client?.queueID
    if queueID != nil || job.newQueueID != nil {
      text += Output.row("queue ids", "\(queueID ?? "-") -> \(job.newQueueID ?? "-")")
    }
    if let messageID = job.messageID { text += Output.row("message-id", Output.safe(messageID)) }
    if let voicemail = job.voicemail {
      text += Output.row(
        "recognised", "by rule \(voicemail.rule): \(Output.safe(voicemail.reason))")
    }
    text += Output.row("treated", policy(job))
    if !job.damaged.isEmpty {
      text += Output.row(
        "damaged", "\(job.damaged.joined(separator: ", ")): cannot be read any more")
    }
    if let result = job.result { text += Output.row("transcript", describe(result)) }
    for audio in job.result?.recordings ?? [] {
      text += Output.row("recording", Output.safe(RecordingText.line(audio)))
    }
    if let reason = job.reason { text += Output.row("reason", Output.safe(reason)) }
    if job.state == .deferred {
      text +=
        Output.row("next try", "\(Clock.text(job.dueMS)), \(job.stage.rawValue)")
    }
    if let holder = job.leaseHolder { text += Output.row("leased to", holder) }
    text += "\n"
    for event in job.events {
      text += Output.row(Clock.text(event.atMS), Output.safe(event.what), labelWidth: 21)
    }
    return text
  }

  private static func policy(_ job: JobDetails) -> String {
    let policy = job.policy.map { "by policy \($0.name), mode \($0.mode.rawValue)" }
    return (policy ?? "by a policy that is not known") + form(job)
  }

  private static func form(_ job: JobDetails) -> String {
    switch job.form {
    case .enhanced: ""
    case .original where job.state == .delivered: "; it went out as it came"
    case .original: "; it goes out as it came"
    case .reply: "; the transcript goes out as a reply"
    }
  }

  private static func client(_ job: JobDetails) -> String {
    guard let client = job.client else { return "not known" }
    let address = client.address.map { "[\($0)]" } ?? "local"
    return "\(Output.safe(client.name ?? "unknown")) \(address)"
      + (client.helo.map { ", helo \(Output.safe($0))" } ?? "")
  }

  private static func describe(_ result: ResultFacts) -> String {
    var text = result.status.rawValue
    if !result.engine.isEmpty {
      text += ", " + [result.engine, result.language].filter { !$0.isEmpty }.joined(separator: " ")
    }
    // 0 where the engine measures none.
    if result.confidence != 0 { text += ", confidence \(percent(result.confidence))" }
    return text
      + ", \(Output.clock(result.audioSeconds)) of audio\(speech(result)), decoded in \(result.decodeMS) ms, "
      + "recognised in \(result.recognizeMS) ms"
  }

  private static func speech(_ result: ResultFacts) -> String {
    result.speechSeconds.map { " with \(Output.tenths($0)) s of speech" } ?? ""
  }

  private static func percent(_ value: Double) -> String {
    value.isFinite ? "\(Int((min(max(value, 0), 1) * 100).rounded())) %" : "?"
  }
}
