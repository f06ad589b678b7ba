/// English names of the languages that recognisers know, by BCP 47 tag.
enum LanguageName {
  private static let names = [
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nb": "Norwegian", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
  ]
  private static let rightToLeft: Set<String> = ["ar", "fa", "he", "ur"]

  /// `English` for `en-US`; the tag itself when it is not known; nil for an empty one.
  static func english(_ tag: String) -> String? {
    let clean = Self.tag(tag)
    return clean.isEmpty ? nil : names[primary(clean)] ?? clean
  }

  /// Value of the HTML attribute `dir`.
  static func direction(_ tag: String) -> String {
    rightToLeft.contains(primary(tag)) ? "rtl" : "ltr"
  }

  /// The tag with nothing but what BCP 47 allows in one.
  static func tag(_ text: String) -> String {
    String(
      text.prefix(35).filter {
        $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
      })
  }

  private static func primary(_ tag: String) -> String {
    tag.prefix { $0 != "-" }.lowercased()
  }
}
