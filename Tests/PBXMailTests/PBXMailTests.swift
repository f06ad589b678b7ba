import Audio
import Foundation
import Mail
import Operations
import TestSupport
import Testing
import Voicemail

@Suite struct PBXMails {
  private static let reader = GMimeReader()
  private static let recognition = Recognition(
    rules: BuiltInRules.all,
    loopGuard: LoopGuard { Sealing.hmacSHA256(key: Array("key".utf8), data: $0) },
    country: Country("GB"))

  static let all =
    PBXMail.asteriskFamily + PBXMail.otherSystems + PBXMail.services + PBXMail.recordings
    + PBXMail.lookAlikes

  private static func verdict(_ content: [UInt8], of mail: PBXMail) throws -> (
    MessageFacts, Verdict
  ) {
    let facts = try reader.read(content)
    return (
      facts, recognition.verdict(facts, mail.envelope, ClientFacts(address: mail.client))
    )
  }

  // MARK: - Recognition

  @Test(arguments: all)
  func `each is known for what it is, with the facts of the call`(_ mail: PBXMail) throws {
    let (message, verdict) = try Self.verdict(mail.bytes(), of: mail)
    switch (verdict, mail.outcome) {
    case (.pass(let reason), .passes(let part)):
      #expect(reason.contains(part))
    case (.voicemail(let facts), .voicemail(let wanted)):
      #expect(facts.rule == wanted.rule)
      #expect(
        facts.caller == Caller(number: wanted.number, e164: wanted.e164, name: wanted.name))
      #expect(facts.mailbox == wanted.mailbox)
      #expect(facts.statedSeconds == wanted.seconds || mail.isRecording)
      #expect(facts.time == wanted.time)
      #expect(facts.isUrgent == wanted.isUrgent)
      #expect(message.parts.compactMap(RecordingParts.kind) == wanted.kinds)
      #expect(
        facts.audioParts.count == wanted.kinds.count { $0 != .spokenName }, "names are not read out"
      )
    default:
      Issue.record("\(verdict)")
    }
  }

  @Test func `the 45 of the specification are all there`() {
    let numbers = Set(
      Self.all.compactMap { Int($0.testDescription.prefix { $0.isNumber }) }.filter { $0 <= 45 })
    // 43 is a test of its own: what comes out of this filter.
    #expect(Set(1...45).subtracting(numbers) == [43])
  }

  // MARK: - Enhancement

  /// Hears the same words in everything.
  private final class Words: SpeechEngine, EngineSource {
    let name = "fixture"
    let lowConfidence = 0.5
    let mayInvent = false

    func limit(audioSeconds: Double) -> Duration { .seconds(60) }
    func hears(_ languages: [String]) -> Bool { true }
    func recognize(_ request: SpeechRequest) throws(EngineFailure) -> SpeechAnswer {
      let word = Word(text: "marmalade", start: 0, end: 1, confidence: 0.9)
      let segment = Segment(start: 0, end: 1, text: "marmalade", confidence: 0.9, words: [word])
      return SpeechAnswer([HeardSegment(segment)], language: "en-US")
    }
    func engine(_ name: String) throws(EngineFailure) -> any SpeechEngine { self }
  }

  /// What the worker makes of it; the self-check is part of that.
  private static func enhance(
    _ content: [UInt8], _ voicemail: VoicemailFacts, headers: [HeaderField] = []
  ) -> (result: WorkResult, enhanced: [UInt8]?) {
    ProcessJob(
      reader: reader,
      transcriber: Transcriber(
        decoder: SoundFileDecoder(),
        chain: EngineChain(source: Words(), gate: OpenGate { _ in }, names: ["fixture"])),
      enhancer: MessageSplicer()
    ).run(WorkOrder(id: "fixture", voicemail: voicemail, headers: headers), on: content) { _ in }
  }

  @Test(arguments: all.filter(\.isVoicemail))
  func `each is enhanced, and its recordings keep their bytes`(_ mail: PBXMail) throws {
    let original = try mail.bytes()
    guard case (let message, .voicemail(let voicemail)) = try Self.verdict(original, of: mail)
    else {
      Issue.record("no voicemail")
      return
    }
    let (result, enhanced) = Self.enhance(original, voicemail)
    let bytes = try #require(enhanced, "\(result.refusal ?? "")")
    try Self.expectSameRecordings(original, bytes, message)
    #expect(try Self.reader.read(bytes).header("X-Voicemail-Transcript") != nil)
    let text = try Self.reader.read(bytes).text ?? ""
    #expect(text.contains("marmalade") == [.ok, .low].contains(result.status))
  }

  private static func expectSameRecordings(
    _ original: [UInt8], _ enhanced: [UInt8], _ message: MessageFacts
  ) throws {
    func recordings(_ content: [UInt8]) throws -> [[UInt8]] {
      try reader.read(content).parts.filter { RecordingParts.kind($0) != nil }.map {
        try reader.content(ofPart: $0.index, in: content)
      }
    }
    #expect(try recordings(original) == recordings(enhanced))
  }

  @Test(arguments: [
    ("35", TranscriptStatus.none), ("36", .none), ("40 ", .ok), ("40b", .ok), ("41", .ok),
    ("42", .ok),
    ("38", .ok), ("39", .ok),
  ])
  func `odd recordings end in an honest state`(_ number: String, _ status: TranscriptStatus) throws
  {
    let mail = try #require(PBXMail.recordings.first { $0.testDescription.hasPrefix(number) })
    let content = try mail.bytes()
    guard case (_, .voicemail(let voicemail)) = try Self.verdict(content, of: mail) else {
      Issue.record("no voicemail")
      return
    }
    #expect(Self.enhance(content, voicemail).result.status == status)
  }

  @Test func `43 what comes out is known as our own, however often it comes again`() throws {
    let mail = PBXMail.asteriskFamily[0]
    let content = try mail.bytes()
    guard case (let facts, .voicemail(let voicemail)) = try Self.verdict(content, of: mail) else {
      Issue.record("no voicemail")
      return
    }
    let marker = Self.recognition.loopGuard.marker(id: "7f3a", unixSeconds: 1, message: facts)
    let enhanced = try #require(Self.enhance(content, voicemail, headers: [marker]).enhanced)
    guard case (_, .pass(let reason)) = try Self.verdict(enhanced, of: mail) else {
      Issue.record("enhanced twice")
      return
    }
    #expect(reason.contains("job 7f3a"))
    // Without the marker, as after a list or a gateway, the transcript is seen.
    let text = String(decoding: enhanced, as: UTF8.self)
    let unmarked = text.split(separator: "\r\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix(LoopGuard.headerName) }.joined(separator: "\r\n")
    guard case (_, .pass(let other)) = try Self.verdict(Array(unmarked.utf8), of: mail) else {
      Issue.record("enhanced twice")
      return
    }
    #expect(other.contains("has a transcript already"))
  }

  @Test(arguments: PBXMail.nasty)
  func `broken MIME is enhanced rightly or left alone`(_ mail: PBXMail) throws {
    let original = try mail.bytes()
    let (message, verdict) = try Self.verdict(original, of: mail)
    guard case .voicemail(let voicemail) = verdict else { return }
    let (result, enhanced) = Self.enhance(original, voicemail)
    guard let enhanced else {
      #expect(result.refusal != nil)
      return
    }
    try Self.expectSameRecordings(original, enhanced, message)
    #expect(try Self.reader.read(enhanced).header("X-Voicemail-Transcript") != nil)
  }

  /// So that the test above tests something.
  @Test func `most of the broken ones are voicemails and are enhanced`() throws {
    var untouched: [String] = []
    for mail in PBXMail.nasty {
      let content = try mail.bytes()
      guard case (_, .voicemail(let facts)) = try Self.verdict(content, of: mail),
        Self.enhance(content, facts).enhanced != nil
      else {
        untouched.append(mail.testDescription)
        continue
      }
    }
    #expect(PBXMail.nasty.count >= 30)
    #expect(untouched.count <= 5, "\(untouched)")
  }

  // MARK: - The program

  @Test func `preview gives the main ones their words`() throws {
    let numbers = ["1 ", "10 ", "11 ", "13 ", "17 ", "22 "]
    let directory = try TemporaryDirectory()
    let configuration = directory.file("preview.conf")
    try Data("[daemon]\nstate_directory = \(directory.url.path)\n".utf8).write(
      to: URL(fileURLWithPath: configuration))
    for number in numbers {
      let mail = try #require(Self.all.first { $0.testDescription.hasPrefix(number) })
      let original = try mail.bytes()
      let ended = try RunningMilter.run(
        ["preview", "--config", configuration, "--text", "please call Marmalade back", "-"],
        input: original)
      #expect(ended.status == 0, "\(mail): \(ended.errors)")
      let facts = try Self.reader.read(ended.output)
      #expect(facts.text?.contains("please call Marmalade back") == true, "\(mail)")
      try Self.expectSameRecordings(original, ended.output, facts)
    }
  }
}

extension PBXMail {
  var isVoicemail: Bool { if case .voicemail = outcome { true } else { false } }
  /// Their texts say nothing of a length.
  var isRecording: Bool { Self.recordings.contains { $0.testDescription == testDescription } }
}
