import Voicemail

extension PBXMail {
  private static let head = "\(asteriskFields)\nMIME-Version: 1.0\n"
  private static let sound =
    "Content-Type: audio/x-wav; name=msg0002.wav\nContent-Transfer-Encoding: base64\n\n@@pcm@@"
  private static let words = "Content-Type: text/plain; charset=utf-8\n\nthe text"

  private static func nasty(_ description: String, _ text: String, isLatin1: Bool = false)
    -> PBXMail
  {
    PBXMail(
      description, text, .voicemail(asteriskFacts), hasLF: description.hasPrefix("LF"),
      isLatin1: isLatin1)
  }

  private static func mixed(
    _ description: String, _ parts: String..., type: String = "multipart/mixed; boundary=b",
    end: String = "--b--\n", isLatin1: Bool = false
  ) -> PBXMail {
    let body = parts.map { "--b\n\($0)\n" }.joined()
    return nasty(description, "\(head)Content-Type: \(type)\n\n\(body)\(end)", isLatin1: isLatin1)
  }

  private static func nested(_ depth: Int) -> String {
    let open = (0..<depth).map { "Content-Type: multipart/mixed; boundary=n\($0)\n\n--n\($0)\n" }
    let close = (0..<depth).reversed().map { "\n--n\($0)--" }
    return open.joined() + words + close.joined()
  }

  /// Voicemail whose MIME is broken or strange: the enhancement passes its self-check, or the bytes stay.
  static let nasty: [PBXMail] = [
    mixed("white space behind boundaries", words, sound, end: "--b-- \t\n"),
    nasty(
      "a boundary of every character there may be",
      head + "Content-Type: multipart/mixed; boundary=\"a'()+_,-./:=? z\"\n\n--a'()+_,-./:=? z\n"
        + words + "\n--a'()+_,-./:=? z\n" + sound + "\n--a'()+_,-./:=? z--\n"),
    mixed("no closing boundary", words, sound, end: ""),
    mixed("a part without an empty line", "Content-Type: text/plain", sound),
    mixed(
      "base64 with CR, LF and blanks mixed in", words,
      sound.replacing("\n\n@@", with: "\n\n\r \r\n\n \t@@")),
    mixed(
      "uuencoded text",
      "Content-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n#86)C\n`\nend",
      sound),
    nasty(
      "two Content-Types at the root",
      head + "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" + words
        + "\n--b\n" + sound + "\n--b--\n"),
    mixed("multiparts 40 deep", nested(40), sound),
    mixed(
      "text in UTF-16",
      "Content-Type: text/plain; charset=UTF-16\nContent-Transfer-Encoding: base64\n\n/v8AaABpAAoATQD8",
      sound),
    mixed("text in a charset nobody knows", words.replacing("utf-8", with: "x-mars"), sound),
    mixed(
      "broken quoted-printable",
      "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\na=\n=ZZ=4=\n=FC=",
      sound),
    mixed(
      "8-bit bytes in a boundary", words, sound,
      type: "multipart/mixed; boundary=\"b\"; x=\"\u{E9}\u{FF}\"",
      isLatin1: true),
    mixed(
      "an unknown transfer encoding",
      words.replacing("\n\n", with: "\nContent-Transfer-Encoding: x-rot13\n\n"), sound),
    mixed("an empty text part", "Content-Type: text/plain\n\n", sound),
    mixed("nothing at all in a part", "", sound),
    mixed(
      "RFC 2231 names in pieces", words,
      sound.replacing(
        "name=msg0002.wav", with: "\n name*0*=utf-8''ms%67;\n name*1=\"0002\";\n name*2=\".wav\"")),
    mixed("NUL in the text", words + "\0more\0", sound),
    mixed(
      "an order mark before the text", words.replacing("the text", with: "\u{FEFF}the text"), sound),
    mixed(
      "format=flowed, delsp", words.replacing("utf-8", with: "utf-8; format=flowed; delsp=yes"),
      sound),
    nasty(
      "no MIME-Version",
      asteriskFields + "\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" + words + "\n--b\n"
        + sound + "\n--b--\n"),
    mixed(
      "comments and folds in Content-Type", words, sound,
      type: "multipart (of course) /mixed; (a comment)\n\tboundary (x) = b"),
    mixed("300 empty parts", words, sound, Array(repeating: "\n--b", count: 300).joined()),
    mixed("HTML without an end", "Content-Type: text/html\n\n<html><body><p>a<b", sound),
    mixed(
      "HTML with a body in a comment and in a script",
      "Content-Type: text/html\n\n<!-- <body> --><script>'<body>'</script><BODY a='>'>x</BODY>",
      sound),
    mixed(
      "two texts and two forms of HTML", words, words, "Content-Type: text/html\n\n<p>a",
      "Content-Type: text/html\n\n<p>b", sound),
    mixed("text behind the recording", sound, words),
    mixed(
      "the recording in quoted-printable", words,
      "Content-Type: audio/x-wav; name=a.wav\nContent-Transfer-Encoding: quoted-printable\n\nRIFF=00=00=\n=00WAVE"
    ),
    mixed(
      "the recording as it is, in 8 bits", words,
      "Content-Type: audio/basic; name=a.au\nContent-Transfer-Encoding: 8bit\n\n.snd\u{80}\u{81}\u{FE}",
      isLatin1: true),
    nasty(
      "LF: line ends of two kinds",
      head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + words + "\r\n--b\n"
        + sound
        + "\n--b--\r\n"),
    nasty(
      "the recording is the whole message",
      head + "Content-Type: audio/x-wav; name=a.wav\nContent-Transfer-Encoding: base64\n\n@@pcm@@\n"
    ),
    nasty(
      "a boundary that begins the other",
      head + "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
        + "Content-Type: multipart/alternative; boundary=bb\n\n--bb\n" + words + "\n--bb--\n--b\n"
        + sound + "\n--b--\n"),
  ]
}
