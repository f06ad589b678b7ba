/// The block for the top of the HTML body.
///
/// It may land in any document, so that all styles stand on the elements. Colours are inherited, with
/// lines in the text's own colour: it reads well on white, on black and where a mail program inverts.
/// No scripts, no remote content.
enum HTMLBlock {
  private static let wrapping = "overflow-wrap:anywhere;word-break:break-word"

  static func render(_ notice: Notice) -> String {
    let language = notice.language
    var html = "<div lang=\"\(language.tag)\" dir=\"ltr\" style=\""
    html += "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    html += "font-size:16px;line-height:1.5;text-align:left;max-width:640px;\(wrapping)\">\n"
    html += preheader(notice) + heading(notice)
    let isLabelled = notice.recordings.count > 1
    for recording in notice.recordings { html += section(recording, isLabelled, language) }
    html += table(notice.facts.filter { $0.label != language[.from] })
    html += legend(notice)
    // A border in the text's colour is the rule above the PBX's own text; <hr> has its own.
    html +=
      "<div style=\"border-top:1px solid;opacity:.4;margin:16px 0;font-size:0;line-height:0\">"
    html += "</div>\n</div>\n"
    return html
  }

  /// Text content and attribute values in double quotes.
  static func escape(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Hidden first words for the inbox's preview line, which would show the heading otherwise.
  private static func preheader(_ notice: Notice) -> String {
    let text =
      switch notice.recordings.first?.outcome {
      case .text(let spoken, let isLow):
        "“\(spoken.beginning(limit: 200))”" + (isLow ? " (\(notice.language[.lowConfidence]))" : "")
      case .sentence(let sentence): sentence
      case nil: ""
      }
    return "<div style=\"display:none;max-height:0;max-width:0;opacity:0;overflow:hidden;"
      + "mso-hide:all\">\(escape(text))</div>\n"
  }

  private static func heading(_ notice: Notice) -> String {
    let language = notice.language
    let words = language.halves(.heading)
    let heading =
      notice.caller.map {
        escape(words.before) + "<bdi>\(escape($0))</bdi>" + escape(words.after)
      } ?? escape(language[.headingUnknown])
    var html =
      "<h1 style=\"color:inherit;font-size:20px;line-height:1.3;font-weight:bold;margin:0 0 12px\">"
    html += "\(heading)</h1>\n"
    guard let number = notice.number else { return html }
    if let dialable = DialableNumber(number) {
      html += "<p style=\"margin:0 0 16px\"><a href=\"tel:\(dialable.digits)\" style=\""
      html += "display:inline-block;padding:10px 18px;border:1px solid;border-radius:8px;"
      html += "color:inherit;font-weight:bold;text-decoration:none\">"
      let call = language.halves(.call)
      html += "\(escape(call.before))<bdi>\(escape(number))</bdi>\(escape(call.after))</a></p>\n"
    } else if number != notice.caller {
      html +=
        "<p style=\"margin:0 0 16px\">\(escape(language[.number])): <bdi>\(escape(number))</bdi></p>\n"
    }
    return html
  }

  private static func section(
    _ recording: Notice.Recording, _ isLabelled: Bool, _ language: Language
  ) -> String {
    var html = ""
    if isLabelled {
      let name = recording.filename ?? language[.unnamedRecording]
      html +=
        "<h2 style=\"color:inherit;font-size:16px;line-height:1.4;font-weight:bold;margin:16px 0 6px\">"
      html += "<bdi>\(escape(name))</bdi>\(recording.length.map { " (\($0))" } ?? "")</h2>\n"
    }
    switch recording.outcome {
    case .sentence(let sentence):
      html += "<p style=\"margin:0 0 16px;font-size:18px\">\(escape(sentence))</p>\n"
    case .text(let text, let isLow):
      if isLow {
        html +=
          "<p style=\"margin:0 0 8px;font-weight:bold\">\(escape(language[.lowConfidence]))</p>\n"
      }
      html += quotation(text, recording.language, language)
    }
    return html
  }

  /// The transcript with its own language, so that a screen reader pronounces it right.
  private static func quotation(_ text: SpokenText, _ language: String, _ ours: Language)
    -> String
  {
    let lang = language.isEmpty ? "" : " lang=\"\(escape(language))\""
    var html = "<blockquote\(lang) dir=\"\(LanguageName.direction(language))\" style=\""
    html += "margin:0 0 16px;padding:2px 14px;border:0 solid #5b83d6;"
    html +=
      LanguageName.direction(language) == "rtl"
      ? "border-right-width:4px;text-align:right;" : "border-left-width:4px;"
    html += "font-size:18px;line-height:1.5\">\n"
    for (index, paragraph) in text.paragraphs.enumerated() {
      let isLast = index == text.paragraphs.count - 1
      html += "<p style=\"margin:0\(isLast ? "" : " 0 10px")\">“"
      html += paragraph.map { run($0, ours) }.joined(separator: " ")
      html += isLast && !text.isShortened ? "”</p>\n" : "</p>\n"
    }
    html += "</blockquote>\n"
    if text.isShortened {
      html += "<p style=\"margin:0 0 16px\">\(escape(ours[.shortened]))</p>\n"
    }
    return html
  }

  /// Doubt shows as a line and as a sign: never by colour alone.
  private static func run(_ run: SpokenText.Run, _ language: Language) -> String {
    guard run.isDoubtful else { return escape(run.text + run.ending) }
    return
      "<span title=\"\(escape(language[.uncertain]))\" style=\"border-bottom:2px dotted\">\(escape(run.text))</span>"
      + "&nbsp;[?]" + escape(run.ending)
  }

  private static func table(_ facts: [Notice.Fact]) -> String {
    var html = "<table style=\"border-collapse:collapse;border:0;font-size:15px;line-height:1.45;"
    html += "margin:0 0 16px;color:inherit\">\n"
    for fact in facts {
      html += "<tr><th scope=\"row\" style=\"border:0;text-align:left;vertical-align:top;"
      html +=
        "font-weight:normal;white-space:nowrap;padding:2px 14px 2px 0;opacity:.75\">\(escape(fact.label))</th>"
      html += "<td style=\"border:0;vertical-align:top;padding:2px 0;\(wrapping)\">"
      html += "<bdi>\(escape(fact.value))</bdi></td></tr>\n"
    }
    return html + "</table>\n"
  }

  private static func legend(_ notice: Notice) -> String {
    guard let legend = notice.legend else { return "" }
    var html = "<p style=\"margin:0;font-size:14px;opacity:.8\">\(escape(legend))"
    if notice.spoken.contains(where: \.hasDoubt) {
      let words = notice.language.halves(.doubt)
      let example = escape(notice.language[.doubtExample])
      html +=
        " \(escape(words.before))<span style=\"border-bottom:2px dotted\">\(example)</span>"
        + "&nbsp;[?]\(escape(words.after))"
    }
    return html + "</p>\n"
  }
}
