/// A whole HTML document for a message that has none: our block, the PBX's own text below.
package enum HTMLDocument {
  /// `block` is HTML, `originalText` is plain text and escaped here.
  package static func make(block: String, originalText: String, language: String) -> String {
    let text = trimmed(SafeText.lines(originalText))
    var html = "<!DOCTYPE html>\n"
    html += "<html lang=\"\(HTMLEscape.escape(LanguageName.tag(language)))\" dir=\"ltr\">\n<head>\n"
    html += "<meta charset=\"utf-8\">\n"
    html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    html += "<meta name=\"color-scheme\" content=\"light dark\">\n"
    html += "<meta name=\"supported-color-schemes\" content=\"light dark\">\n"
    // Numbers in a transcript may be misheard: they must not become links that dial.
    html += "<meta name=\"format-detection\" content=\"telephone=no, date=no, address=no\">\n"
    html +=
      "<title>\(HTMLEscape.escape((Language.known(language) ?? .english)[.voicemail]))</title>\n</head>\n"
    html += "<body style=\"margin:0;padding:16px\">\n\(block)"
    if !text.isEmpty {
      html +=
        "<div dir=\"auto\" style=\"font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,"
      html += "sans-serif;font-size:14px;line-height:1.5;max-width:640px;white-space:pre-wrap;"
      html += "overflow-wrap:anywhere;word-break:break-word;tab-size:4\">"
      html += "\(HTMLEscape.escape(text))</div>\n"
    }
    return html + "</body>\n</html>\n"
  }

  /// Without empty lines around; the first line's indent stays.
  private static func trimmed(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    let isBlank = { (line: Substring) in line.utf8.allSatisfy { $0 == 32 || $0 == 9 } }
    while let first = lines.first, isBlank(first) { lines.removeFirst() }
    while let last = lines.last, isBlank(last) { lines.removeLast() }
    return lines.joined(separator: "\n")
  }
}
