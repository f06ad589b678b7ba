internal import Mail
internal import Operations
internal import Voicemail

/// What `inspect`, `preview` and `transcribe` share: reading a message as the filter would.
struct MessageExaminer {
  let settings: Settings
  let reader = GMimeReader()
  let recognition: Recognition
  let policies: Policies
  let decoder: any AudioDecoder

  init(_ settings: Settings) throws(CommandFailure) {
    self.settings = settings
    // Only the daemon's user may read the secret; without it our own marker counts as forged.
    let key = (try? readFile(settings.stateDirectory + "/secret", limitBytes: 4_096)) ?? []
    recognition = try Wiring.recognition(settings, key: key)
    policies = Wiring.policies(settings)
    decoder = Wiring.decoder(Wiring.setup(settings))
  }

  func examine(_ message: [UInt8], envelope: Envelope, client: ClientFacts) throws(StepFailure)
    -> (facts: MessageFacts, verdict: Verdict)
  {
    let facts = try reader.read(message)
    if let reason = tooLarge(message) { return (facts, .pass(reason: reason)) }
    return (facts, recognition.verdict(facts, envelope, client))
  }

  /// The fronts do not collect such a message, whatever it is.
  private func tooLarge(_ message: [UInt8]) -> String? {
    let limit = settings.maxMessageBytes
    if message.count > limit { return "larger than \(limit) bytes" }
    return reader.headerBytes(message) > Candidate.headerLimitBytes
      ? "its header section is too large" : nil
  }
}

extension Arguments {
  /// The options that say how a message came in.
  static let envelopeOptions: Set<String> = ["--client", "--sender", "--rcpt"]
  static let envelopeFlags: Set<String> = ["--authenticated"]

  func client() throws(CommandFailure) -> ClientFacts {
    let address = try one("--client") ?? "127.0.0.1"
    guard IPAddress(address) != nil else { throw .usage("--client: '\(address)' is no IP address") }
    return ClientFacts(address: address, isAuthenticated: has("--authenticated"))
  }

  func envelope() throws(CommandFailure) -> Envelope {
    Envelope(
      sender: try one("--sender") ?? "", recipients: all("--rcpt").map { Recipient(address: $0) })
  }
}
