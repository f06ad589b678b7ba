/// The values of `TemplateNames`, made of what the reader is told.
enum TemplateValues {
  static func make(_ notice: Notice) -> TemplateValue {
    let language = notice.language
    let width =
      2 + TextColumns.width(of: language[.colon])
      + (notice.facts.map { TextColumns.width(of: $0.label) }.max() ?? 0)
    let dial = notice.dial ?? ""
    let number = notice.number ?? ""
    let isSeveral = notice.recordings.count > 1
    return .object([
      "language": .text(language.tag), "direction": .text(LanguageName.direction(language.tag)),
      "words": words(language), "preview": .text(preview(notice)),
      "urgent": .flag(notice.isUrgent),
      "caller": .text(notice.caller ?? ""), "caller_name": .text(notice.name ?? ""),
      "caller_number": .text(number), "dial": .text(dial),
      "plain_number": .text(dial.isEmpty && number != notice.caller ? number : ""),
      "heading": halves(language, .heading), "call": halves(language, .call),
      "doubt": halves(language, .doubt),
      "recordings": .list(notice.recordings.map { recording($0, isSeveral, language) }),
      "facts": .list(notice.facts.map { fact($0, width: width, language) }),
      "legend": .text(notice.legend ?? ""),
      "has_doubt": .flag(notice.spoken.contains(where: \.hasDoubt)),
      "has_numbers": .flag(notice.hasNumbers),
    ])
  }

  private static func words(_ language: Language) -> TemplateValue {
    .object(
      Dictionary(
        uniqueKeysWithValues: Phrase.allCases.map { ($0.rawValue, .text(language[$0])) }))
  }

  private static func halves(_ language: Language, _ phrase: Phrase) -> TemplateValue {
    let halves = language.halves(phrase)
    return .object(["before": .text(halves.before), "after": .text(halves.after)])
  }

  /// What an inbox shows below the subject, where HTML would show its heading.
  private static func preview(_ notice: Notice) -> String {
    let words = notice.language
    let urgent = notice.isUrgent ? words[.urgent] + words[.colon] + " " : ""
    switch notice.recordings.first?.outcome {
    case .text(let spoken, let isLow):
      let low = isLow ? " (\(words[.lowConfidence]))" : ""
      return urgent + words[.openQuote] + spoken.beginning(limit: 200) + words[.closeQuote] + low
    case .sentence(let sentence): return urgent + sentence
    case nil: return ""
    }
  }

  private static func fact(_ fact: Notice.Fact, width: Int, _ language: Language) -> TemplateValue {
    let label = fact.label + language[.colon]
    let padding = String(repeating: " ", count: max(2, width - TextColumns.width(of: label)))
    return .object([
      "label": .text(fact.label), "value": .text(fact.value),
      "padded_label": .text(label + padding),
      "is_caller": .flag(fact.label == language[.from]),
    ])
  }

  private static func recording(
    _ recording: Notice.Recording, _ isSeveral: Bool, _ language: Language
  ) -> TemplateValue {
    var values: [String: TemplateValue] = [
      "name": .text(recording.filename ?? language[.unnamedRecording]),
      "label": .text(language[recording.isIntroduction ? .introductionLabel : .messageLabel]),
      "length": .text(recording.length ?? ""), "is_one_of_several": .flag(isSeveral),
      "remark": .text(recording.remark), "spoken_language": .text(recording.language),
      "spoken_direction": .text(LanguageName.direction(recording.language)),
      "is_right_to_left": .flag(LanguageName.direction(recording.language) == "rtl"),
    ]
    // Every name is there, lest an outer one be taken for it.
    switch recording.outcome {
    case .sentence(let sentence):
      values["sentence"] = .text(sentence)
      for flag in ["has_text", "is_low", "is_shortened"] { values[flag] = .flag(false) }
      values["paragraphs"] = .list([])
    case .text(let text, let isLow):
      values["sentence"] = .text("")
      values["has_text"] = .flag(true)
      values["is_low"] = .flag(isLow)
      values["is_shortened"] = .flag(text.isShortened)
      values["paragraphs"] = .list(
        text.paragraphs.indices.map { index in
          paragraph(index, of: text, time: index > 0 && recording.isLong, language)
        })
    }
    return .object(values)
  }

  private static func paragraph(
    _ index: Int, of text: SpokenText, time: Bool, _ language: Language
  ) -> TemplateValue {
    let paragraph = text.paragraphs[index]
    let isLast = index == text.paragraphs.count - 1
    let isFirstOfTurn = index == 0 || text.paragraphs[index - 1].speaker != paragraph.speaker
    let isLastOfTurn =
      isLast ? !text.isShortened : text.paragraphs[index + 1].speaker != paragraph.speaker
    let speaker: String =
      switch paragraph.speaker {
      case .caller where isFirstOfTurn: language[.speakerCaller]
      case .agent where isFirstOfTurn: language[.speakerAgent]
      default: ""
      }
    return .object([
      "time": .text(time ? Notice.clock(paragraph.start) : ""), "is_last": .flag(isLast),
      "is_end": .flag(isLastOfTurn), "speaker": .text(speaker),
      "runs": .list(
        paragraph.runs.enumerated().map { index, run in
          .object([
            "text": .text(run.text), "ending": .text(run.ending),
            "is_doubtful": .flag(run.isDoubtful), "is_first": .flag(index == 0),
          ])
        }),
    ])
  }
}
