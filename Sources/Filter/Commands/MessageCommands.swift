internal import Mail
internal import Operations
internal import Voicemail

/// What `inspect`, `preview` and `transcribe` share: reading a message as the filter would.
struct MessageExaminer {
  let settings: Settings
  let reader = GMimeReader()
  let recognition: Recognition
  let decoder: any AudioDecoder

  init(_ settings: Settings) throws(CommandFailure) {
    self.settings = settings
    // Only the daemon's user may read the secret; without it our own marker counts as forged.
    let key = (try? readFile(settings.stateDirectory + "/secret", limitBytes: 4_096)) ?? []
    recognition = try Wiring.recognition(settings, key: key)
    decoder = Wiring.decoder(Wiring.setup(settings))
  }

  func examine(_ message: [UInt8], envelope: Envelope, client: ClientFacts) throws(StepFailure)
    -> (facts: MessageFacts, verdict: Verdict)
  {
    let facts = try reader.read(message)
    return (facts, recognition.verdict(facts, envelope, client))
  }
}

extension Arguments {
  /// The options that say how a message came in.
  static let envelopeOptions: Set<String> = ["--client", "--sender", "--rcpt"]

  func client() throws(CommandFailure) -> ClientFacts {
    ClientFacts(address: try one("--client") ?? "127.0.0.1")
  }

  func envelope() throws(CommandFailure) -> Envelope {
    Envelope(
      sender: try one("--sender") ?? "", recipients: all("--rcpt").map { Recipient(address: $0) })
  }
}
