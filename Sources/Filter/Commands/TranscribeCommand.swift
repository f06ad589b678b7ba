internal import Mail
internal import Voicemail

/// `transcribe`: the words in recordings, or in the recordings of messages.
enum TranscribeCommand {
  struct Report: Encodable {
    var file: String
    /// File name of the part, for a message.
    @OrNull var part: String?
    var engine: String
    var language: String
    var status: TranscriptStatus
    var confidence: Double
    @OrNull var codec: String?
    @OrNull var container: String?
    @OrNull var sampleRateHz: Int?
    @OrNull var channels: Int?
    @OrNull var levelDBFS: Double?
    @OrNull var clippedPart: Double?
    /// Of a recording longer than max_audio.
    @OrNull var usedSeconds: Double?
    var isCutOff: Bool
    var durationSeconds: Double
    var speechSeconds: Double
    var decodeMS: Int64
    var recognizeMS: Int64
    /// What engines and rules had to say.
    var notes: [String]
    var text: String
    var segments: [SegmentReport]
    /// Why there is no text; nil with text.
    @OrNull var reason: String?
  }

  struct SegmentReport: Encodable {
    var start: Double
    var end: Double
    var text: String
    var confidence: Double
    @OrNull var speaker: Speaker?
    /// As the engine heard them.
    var words: [Word]
  }

  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, options: ["--channels", "--engine"], flags: ["--json"])
    try arguments.requireOperands(1...Int.max, "a recording or a message")
    let examiner = try MessageExaminer(arguments.settings())
    let engine = try arguments.one("--engine")
    var transcriber = Transcriber(
      decoder: examiner.decoder,
      chain: try Wiring.chain(examiner.settings, names: engine.map { [$0] }))
    if let name = try arguments.one("--channels") {
      guard let channels = ChannelUse(rawValue: name) else {
        let known = ChannelUse.allCases.map(\.rawValue).joined(separator: ", ")
        throw CommandFailure("--channels: must be one of \(known)")
      }
      transcriber.channels = channels
    }
    var status: Int32 = 0
    for file in arguments.operands {
      do throws(CommandFailure) {
        for report in try transcribe(file, examiner, transcriber) {
          Output.text(arguments.has("--json") ? JSONText.line(report) : text(report))
          if report.status == .failed { status = 1 }
        }
      } catch {
        Output.complain(error.sentence)
        status = 1
      }
    }
    return status
  }

  private static func transcribe(
    _ file: String, _ examiner: MessageExaminer, _ transcriber: Transcriber
  ) throws(CommandFailure) -> [Report] {
    let content = try readOperand(file)
    guard looksLikeMessage(content) else {
      let name = file.split(separator: "/").last.map(String.init)
      let part = PartFacts(index: 0, contentType: "application/octet-stream", filename: name)
      return [report(file, nil, content, part, transcriber)]
    }
    do throws(StepFailure) {
      let facts = try examiner.reader.read(content)
      let recordings = RecordingParts.indices(in: facts.parts)
      guard !recordings.isEmpty else {
        throw StepFailure.permanent("a message without a recording")
      }
      var reports: [Report] = []
      for index in recordings {
        let part = facts.parts[index]
        reports.append(
          report(
            file, part.filename, try examiner.reader.content(ofPart: index, in: content), part,
            transcriber))
      }
      return reports
    } catch {
      throw CommandFailure("\(file): \(error.sentence)")
    }
  }

  private static func report(
    _ file: String, _ partName: String?, _ content: [UInt8], _ part: PartFacts,
    _ transcriber: Transcriber
  ) -> Report {
    var result = WorkResult()
    let transcribed = transcriber.transcribe(content, of: part, into: &result) { _ in }
    let (transcript, audio) = (transcribed.transcript, transcribed.audio)
    for note in result.notes { Output.complain("\(file): \(note)") }
    return Report(
      file: file, part: partName, engine: transcript.engine, language: transcript.language,
      status: transcript.status, confidence: transcript.confidence, codec: audio?.codec,
      container: audio?.container, sampleRateHz: audio?.sampleRateHz, channels: audio?.channels,
      levelDBFS: audio?.levelDBFS, clippedPart: audio?.clippedPart,
      usedSeconds: audio?.usedSeconds, isCutOff: audio?.isCutOff ?? false,
      durationSeconds: transcript.durationSeconds, speechSeconds: transcript.speechSeconds,
      decodeMS: result.decodeMS, recognizeMS: result.recognizeMS, notes: result.notes,
      text: transcript.text,
      segments: transcript.segments.map {
        SegmentReport(
          start: $0.start, end: $0.end, text: $0.text, confidence: $0.confidence,
          speaker: $0.speaker, words: $0.raw ?? $0.words)
      }, reason: transcript.reason)
  }

  /// RFC 5322: a message begins with a field name and a colon; mbox files put a From line above.
  ///
  /// In a recording's header there are zeros: `RIFF:` may begin one too.
  private static func looksLikeMessage(_ content: [UInt8]) -> Bool {
    guard !content.prefix(200).contains(0) else { return false }
    let line = content.prefix(200).prefix { $0 != 0x0A }
    if line.starts(with: Array("From ".utf8)) { return true }
    let name = line.prefix { $0 != UInt8(ascii: ":") }
    return name.count < line.count && !name.isEmpty
      && name.allSatisfy { (0x21...0x7E).contains($0) }
  }

  private static func text(_ report: Report) -> String {
    var title = report.file
    if let part = report.part { title += " (\(Output.safe(part)))" }
    title += ": \(report.status.rawValue)"
    if !report.engine.isEmpty {
      title +=
        ", \(report.engine) \(report.language), confidence "
        + "\(Int((report.confidence * 100).rounded())) %"
    }
    title += ", \(Output.clock(report.durationSeconds))"
    if report.speechSeconds > 0 {
      title += " with \(Output.tenths(report.speechSeconds)) s of speech"
    }
    var text = title + "\n"
    if let codec = report.codec, let container = report.container {
      let audio = AudioFacts(
        codec: codec, container: container, sampleRateHz: report.sampleRateHz ?? 0,
        channels: report.channels ?? 0, durationSeconds: report.durationSeconds, bytes: 0,
        usedSeconds: report.usedSeconds, isCutOff: report.isCutOff, levelDBFS: report.levelDBFS,
        clippedPart: report.clippedPart)
      text +=
        "  \(RecordingText.line(audio)); decoded in \(report.decodeMS) ms, "
        + "recognised in \(report.recognizeMS) ms\n"
    }
    if let reason = report.reason { text += "  \(reason)\n" }
    for segment in report.segments {
      let speaker = segment.speaker.map { "\($0.rawValue): " } ?? ""
      text += "  \(Output.clock(segment.start))  \(speaker)\(Output.safe(segment.text))\n"
    }
    return text
  }
}
