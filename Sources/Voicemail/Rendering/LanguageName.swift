/// Language tags (BCP 47) of strangers.
enum LanguageName {
  private static let rightToLeft: Set<String> = ["ar", "fa", "he", "ur"]

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

  static func primary(_ tag: String) -> String {
    tag.prefix { $0 != "-" && $0 != "_" }.lowercased()
  }
}
