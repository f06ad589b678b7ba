/// What the reader is told, in words, before it becomes text or HTML. Everything in it is safe text.
struct Notice {
  struct Recording: Equatable {
    /// nil when the part has no name.
    var filename: String?
    /// `0:17`; nil when not known.
    var length: String?
    var language: String
    /// A colleague's words before a message that was passed on, rather than the caller's.
    var isIntroduction = false
    /// Whether paragraphs get time marks.
    var isLong = false
    /// No speech, as against no transcript.
    var isSilent = false
    /// That it was not heard to its end, and why; empty as a rule.
    var remark = ""
    var outcome: Outcome
  }

  /// What became of a recording: the honest states.
  enum Outcome: Equatable {
    case text(SpokenText, isLow: Bool)
    /// A whole sentence instead of a text.
    case sentence(String)
  }

  /// From here on a recording has time marks.
  private static let longSeconds = 60.0

  /// A row of the table of facts.
  struct Fact: Equatable {
    var label: String
    var value: String
  }

  /// Of everything here but the caller's words.
  var language: Language
  var recordings: [Recording]
  var isUrgent: Bool
  /// Name, else number, of the caller; nil when the PBX told neither.
  var caller: String?
  var name: String?
  /// The number as the PBX sent it.
  var number: String?
  /// What a telephone dials; nil when it is no such number.
  var dial: String?
  /// `From` first, which the HTML form shows as its heading instead.
  var facts: [Fact]
  /// Of all recordings together, `0:17`; nil when not known.
  var totalLength: String?
  /// Whether the callers said telephone numbers.
  var hasNumbers: Bool
  /// nil without any text to explain.
  var legend: String?

  var spoken: [SpokenText] {
    recordings.compactMap {
      if case .text(let text, _) = $0.outcome { text } else { nil }
    }
  }

  init(
    _ voicemail: VoicemailFacts, _ parts: [TranscribedPart], _ message: MessageFacts,
    in language: Language, style: MessageStyle
  ) {
    self.language = language
    var budget = SpokenText.maxCharacters
    recordings = []
    for part in parts { recordings.append(Self.recording(part, language, &budget)) }
    if parts.isEmpty {
      recordings = [Recording(language: "", outcome: .sentence(language[.noRecording]))]
    }
    isUrgent = voicemail.isUrgent
    number = CallerText.known(voicemail.caller.number)
    let dialled = voicemail.caller.e164 ?? number
    dial = DialableNumber(dialled, orExtension: style.dialsExtensions)?.digits
    name = CallerText.known(voicemail.caller.name)
    caller = name ?? number
    let seconds = parts.compactMap(Self.seconds)
    totalLength = seconds.isEmpty ? nil : Self.clock(seconds.reduce(0, +))
    let numbers = Self.numbers(parts, caller: number, language)
    hasNumbers = !numbers.isEmpty

    let from = [name, number].compactMap { $0 }.joined(separator: ", ")
    facts = [Fact(label: language[.from], value: from.isEmpty ? language[.unknownCaller] : from)]
    if let value = Self.mailbox(voicemail, message, language) {
      facts.append(Fact(label: language[.for], value: value))
    }
    if let date = message.header("Date") ?? voicemail.time {
      let value = InternetDate(date).map(language.date) ?? SafeText.line(date, limit: 80)
      if !value.isEmpty { facts.append(Fact(label: language[.received], value: value)) }
    }
    if let count = voicemail.callsToday, count > 1 {
      let value = language.fill(.callCount, ["count": "\(count)"])
      facts.append(Fact(label: language[.today], value: value))
    }
    if !parts.isEmpty {
      let length = Self.length(
        recordings, total: totalLength, language, isAttached: !style.isReply)
      let stated = Self.stated(voicemail, seconds).map {
        "\(language.semicolon) \(language.fill(.statedLength, ["length": $0]))"
      }
      facts.append(Fact(label: language[.length], value: length + (stated ?? "")))
    }

    let texts = recordings.filter { if case .text = $0.outcome { true } else { false } }
    var languages: [String] = []
    for name in texts.compactMap({ language.name(ofLanguage: $0.language) })
    where !languages.contains(name) {
      languages.append(name)
    }
    if !languages.isEmpty {
      facts.append(Fact(label: language[.language], value: languages.joined(separator: ", ")))
    }
    if hasNumbers {
      facts.append(Fact(label: language[.numbersSaid], value: numbers.joined(separator: ", ")))
    }
    legend = texts.isEmpty ? nil : language[.legend]
  }

  private static func recording(
    _ part: TranscribedPart, _ language: Language, _ budget: inout Int
  ) -> Recording {
    let filename = part.part.filename.map { SafeText.line($0, limit: 80) }
    let length = seconds(part).map(clock)
    return Recording(
      filename: filename?.isEmpty ?? true ? nil : filename, length: length,
      language: LanguageName.tag(part.transcript.language),
      isIntroduction: RecordingParts.kind(part.part) == .introduction,
      isLong: seconds(part).map { $0 >= longSeconds } ?? false,
      isSilent: TranscriptJudgement.status(part.transcript) == .none,
      remark: remark(part.audio, language),
      outcome: outcome(part.transcript, length: length, language, &budget))
  }

  private static func remark(_ audio: AudioFacts?, _ language: Language) -> String {
    if let seconds = audio?.usedSeconds {
      return language.fill(.firstPart, ["length": clock(seconds)])
    }
    return audio?.isCutOff == true ? language[.cutOff] : ""
  }

  private static func outcome(
    _ transcript: Transcript, length: String?, _ language: Language, _ budget: inout Int
  ) -> Outcome {
    switch TranscriptJudgement.status(transcript) {
    case .none:
      guard let length else { return .sentence(language[.noSpeech]) }
      return .sentence(language.fill(.noSpeechLength, ["length": length]))
    case .failed:
      return .sentence(
        language.fill(.noTranscript, ["reason": reason(transcript, language)]))
    case .ok, .low:
      let text = SpokenText(transcript.segments, budget: &budget)
      guard !text.isEmpty else {
        return .sentence(
          language.fill(.noTranscript, ["reason": language[.reasonTooLong]]))
      }
      return .text(text, isLow: transcript.status == .low)
    }
  }

  private static func reason(_ transcript: Transcript, _ language: Language) -> String {
    guard transcript.status == .failed else { return language[.reasonNotUnderstood] }
    var reason = SafeText.line(transcript.reason ?? "", limit: 300)
    while reason.hasSuffix(".") { reason.removeLast() }
    return reason.isEmpty ? language[.reasonNotTranscribed] : language.reason(reason)
  }

  private static func mailbox(
    _ voicemail: VoicemailFacts, _ message: MessageFacts, _ language: Language
  ) -> String? {
    var owner: String?
    if message.count(of: "To") == 1, let to = message.header("To"), !MailAddress.isList(to) {
      let address = MailAddress(to)
      owner = CallerText.known(
        address.displayName.flatMap { $0.isEmpty ? nil : $0 }
          ?? (voicemail.mailbox == nil ? address.address : nil))
    }
    guard let mailbox = CallerText.known(voicemail.mailbox) else { return owner }
    return language.fill(.mailbox, ["mailbox": mailbox]) + (owner.map { " (\($0))" } ?? "")
  }

  private static func length(
    _ recordings: [Recording], total: String?, _ language: Language, isAttached: Bool
  ) -> String {
    guard recordings.count != 1 else {
      let length = recordings[0].length ?? language[.unknownLength]
      guard isAttached else { return length }
      guard let name = recordings[0].filename else {
        return language.fill(.recordingAttached, ["length": length])
      }
      return language.fill(.recordingNamed, ["length": length, "file": name])
    }
    guard isAttached else { return total ?? language[.unknownLength] }
    return language.fill(
      .recordingsAttached,
      ["length": total ?? language[.unknownLength], "count": "\(recordings.count)"])
  }

  /// The length in the PBX's words where it is another one: the recording may be cut.
  private static func stated(_ voicemail: VoicemailFacts, _ seconds: [Double]) -> String? {
    guard let stated = voicemail.statedSeconds, stated > 0, !seconds.isEmpty else { return nil }
    let candidates = seconds + [seconds.reduce(0, +)]
    let differs = candidates.allSatisfy { LengthDifference.isNotable(stated: stated, heard: $0) }
    return differs ? clock(Double(stated)) : nil
  }

  /// Those said in texts that are shown; `[?]` behind doubtful ones.
  private static func numbers(
    _ parts: [TranscribedPart], caller: String?, _ language: Language
  ) -> [String] {
    let shown = parts.map(\.transcript).filter {
      [.ok, .low].contains(TranscriptJudgement.status($0))
    }
    return shown.flatMap { transcript in
      MentionedNumbers(transcript.segments, language: transcript.language).numbers.map { number in
        let differs = caller.map { DialableNumber($0) != nil && !number.isSame(as: $0) } ?? false
        return number.text + (number.isDoubtful ? " [?]" : "")
          + (differs ? " (\(language[.numberDiffers]))" : "")
      }
    }
  }

  static func seconds(_ part: TranscribedPart) -> Double? {
    let seconds = part.audio?.durationSeconds ?? part.transcript.durationSeconds
    // A day; a file's header may claim anything.
    return part.audio == nil && seconds == 0 || !(0...86_400).contains(seconds) ? nil : seconds
  }

  /// `0:17`, `1:02:03`; what is shorter than a second is `0:01`, as it is not nothing.
  static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "0:00" }
    // `rounded()` would need libm.
    let whole = seconds > 0 ? max(Int(seconds + 0.5), 1) : 0
    let two = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
    return whole < 3600
      ? "\(whole / 60):\(two(whole % 60))"
      : "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
  }
}
