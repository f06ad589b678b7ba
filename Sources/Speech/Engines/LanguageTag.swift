/// Languages as engines name them: `english`, `en`, `en-US`, `en-us`.
enum LanguageTag {
  /// Names that whisper gives, of the languages it knows best.
  private static let names = [
    "english": "en", "chinese": "zh", "german": "de", "spanish": "es", "russian": "ru",
    "korean": "ko", "french": "fr", "japanese": "ja", "portuguese": "pt", "turkish": "tr",
    "polish": "pl", "catalan": "ca", "dutch": "nl", "arabic": "ar", "swedish": "sv",
    "italian": "it", "indonesian": "id", "hindi": "hi", "finnish": "fi", "vietnamese": "vi",
    "hebrew": "he", "ukrainian": "uk", "greek": "el", "malay": "ms", "czech": "cs",
    "romanian": "ro", "danish": "da", "hungarian": "hu", "tamil": "ta", "norwegian": "no",
    "thai": "th", "urdu": "ur", "croatian": "hr", "bulgarian": "bg", "lithuanian": "lt",
    "latvian": "lv", "slovak": "sk", "persian": "fa", "serbian": "sr", "slovenian": "sl",
    "estonian": "et", "macedonian": "mk", "icelandic": "is", "basque": "eu", "galician": "gl",
    "welsh": "cy", "albanian": "sq", "castilian": "es", "flemish": "nl",
  ]

  /// The tag; nil for what is neither a known name nor a tag.
  static func of(_ text: String) -> String? {
    let low = text.lowercased()
    if let tag = names[low] { return tag }
    guard (2...12).contains(low.utf8.count),
      low.prefix(while: { $0 != "-" && $0 != "_" }).count <= 3
    else { return nil }
    let parts = low.split { $0 == "-" || $0 == "_" }
    guard parts.allSatisfy({ $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } }),
      let first = parts.first
    else { return nil }
    // A region is written large, a script with a capital (RFC 5646, 2.1.1).
    let rest = parts.dropFirst().map { part in
      part.count == 4 ? part.prefix(1).uppercased() + part.dropFirst() : part.uppercased()
    }
    return ([String(first)] + rest).joined(separator: "-")
  }

  /// `en` of `en-US`.
  static func primary(_ tag: String) -> String {
    tag.prefix { $0 != "-" }.lowercased()
  }

  /// The region that Google, Amazon or Azure know each language with, as their lists have them.
  private static let regions: [String: String] = {
    let tags = """
      ab-GE af-ZA am-ET ar-SA as-IN ast-ES az-AZ ba-RU be-BY bg-BG bn-IN bs-BA ca-ES ckb-IQ cs-CZ \
      cy-GB da-DK de-DE el-GR en-US es-ES et-EE eu-ES fa-IR fi-FI fil-PH fr-FR ga-IE gl-ES gu-IN \
      ha-NG he-IL hi-IN hr-HR hu-HU hy-AM id-ID is-IS it-IT ja-JP jv-ID ka-GE kab-DZ kk-KZ km-KH \
      kn-IN ko-KR ky-KG lo-LA lt-LT lv-LV mhr-RU mi-NZ mk-MK ml-IN mn-MN mr-IN ms-MY mt-MT my-MM \
      nb-NO ne-NP nl-NL no-NO or-IN pa-IN pl-PL ps-AF pt-BR ro-RO ru-RU rw-RW si-LK sk-SK sl-SI \
      so-SO sq-AL sr-RS su-ID sv-SE sw-KE ta-IN te-IN th-TH tl-PH tr-TR tt-RU ug-CN uk-UA ur-PK \
      uz-UZ vi-VN wo-SN wuu-CN xh-ZA yue-CN zh-CN zu-ZA
      """
    let pairs = tags.split(separator: " ").map { $0.split(separator: "-").map(String.init) }
    return Dictionary(pairs.map { ($0[0], $0[1]) }) { first, _ in first }
  }()

  /// `de-DE` for `de`: some engines take no language without a region. One that none of them knows stays without.
  /// `names`: what an engine calls otherwise than the others do.
  static func regional(_ tag: String, _ names: [String: String] = [:]) -> String {
    var full = of(tag) ?? tag
    if !full.contains("-"), let region = regions[full] { full += "-\(region)" }
    return names[full] ?? full
  }

  /// The code that whisper and Deepgram know: they call Bokmål Norwegian.
  static func code(_ tag: String) -> String {
    let language = primary(tag)
    return language == "nb" ? "no" : language
  }

  /// For engines that take one code: the only language asked for, else nil.
  static func only(_ languages: [String]) -> String? {
    let codes = Set(languages.map(code))
    return codes.count == 1 ? codes.first : nil
  }
}
