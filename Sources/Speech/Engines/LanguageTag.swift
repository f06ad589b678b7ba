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

  /// Where a language's region is not simply its own name.
  private static let regions = [
    "en": "US", "da": "DK", "sv": "SE", "cs": "CZ", "el": "GR", "et": "EE", "he": "IL",
    "hi": "IN", "ja": "JP", "ko": "KR", "nb": "NO", "sl": "SI", "sr": "RS", "uk": "UA",
    "vi": "VN", "zh": "CN", "ar": "SA", "ca": "ES", "fa": "IR", "pt": "BR",
  ]

  /// `de-DE` for `de`: some engines take no language without a region.
  static func regional(_ tag: String) -> String {
    guard !tag.contains("-") else { return of(tag) ?? tag }
    let language = primary(tag)
    return "\(language)-\(regions[language] ?? language.uppercased())"
  }

  /// For engines that take one code: the only language asked for, else nil.
  static func only(_ languages: [String]) -> String? {
    let codes = Set(languages.map(primary))
    return codes.count == 1 ? codes.first : nil
  }
}
