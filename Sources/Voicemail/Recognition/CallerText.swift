/// Reads caller names and numbers the way PBXs write them.
enum CallerText {
  /// What PBXs write when they know nothing.
  private static let nothing: Set<String> = [
    "", "unknown", "an unknown caller", "unknown caller", "unknown number", "unknown name",
    "anonymous", "unavailable", "private", "private number", "restricted", "withheld", "blocked",
    "no number", "no name", "not available", "n/a", "none", "null", "(null)", "-", "asterisk",
    "ipm.note",
  ]

  static func known(_ text: String?) -> String? {
    guard let text else { return nil }
    let line = SafeText.line(text, limit: 120)
    return nothing.contains(line.lowercased()) ? nil : line
  }

  /// The caller with the parts that say something. A number in the name's place is a number; a name that only repeats
  /// the number says nothing.
  static func caller(number: String?, name: String?) -> Caller {
    let name = known(name)
    let number = known(number) ?? name.flatMap { isNumber($0) ? $0 : nil }
    return Caller(number: number, name: name == number ? nil : name)
  }

  /// Whether a text is a telephone number or an extension rather than a word. One digit is one only where nothing else
  /// can stand.
  static func isNumber(_ text: some StringProtocol, leastDigits: Int = 2) -> Bool {
    let digits = text.utf8.count { (48...57).contains($0) }
    return (leastDigits...20).contains(digits)
      && text.utf8.allSatisfy { (48...57).contains($0) || "+-()/. ".utf8.contains($0) }
  }

  /// The caller in an address whose local part is the number: `"ANNA" <07700900123@pbx.example>`,
  /// `VOICE=+16505551237@vms.example` (RFC 3801, 4.1.2). Empty when the local part is a word.
  static func caller(inAddress field: String?) -> Caller {
    guard let field, let number = number(inAddress: field) else { return Caller() }
    return caller(number: number, name: MailAddress(field).displayName)
  }

  /// The local part of an address when it is a number.
  static func number(inAddress field: String) -> String? {
    var local = MailAddress(field).address.prefix { $0 != "@" }
    if local.prefix(6).lowercased() == "voice=" { local = local.dropFirst(6) }
    return isNumber(local) ? String(local) : nil
  }
}

/// One address of a header field, read leniently (RFC 5322, 3.4).
struct MailAddress: Equatable {
  /// nil without one.
  var displayName: String?
  /// Without angle brackets, as written.
  var address: String

  init(_ field: String) {
    let text = SafeText.line(field, limit: 1000)
    guard let open = text.lastIndex(of: "<") else {
      displayName = nil
      address = text
      return
    }
    address = String(text[text.index(after: open)...].prefix { $0 != ">" })
    let phrase = text[..<open].filter { $0 != "\"" && $0 != "\\" }
    let name = SafeText.line(phrase)
    displayName = name.isEmpty ? nil : name
  }

  /// Whether a field holds more than one address: a comma outside quotes, brackets and comments.
  static func isList(_ field: String) -> Bool {
    var inQuotes = false
    var escaped = false
    var depth = 0
    for byte in field.utf8 {
      if escaped {
        escaped = false
        continue
      }
      switch byte {
      case UInt8(ascii: "\\"): escaped = true
      case UInt8(ascii: "\""): inQuotes.toggle()
      case UInt8(ascii: "<"), UInt8(ascii: "("): if !inQuotes { depth += 1 }
      case UInt8(ascii: ">"), UInt8(ascii: ")"): if !inQuotes { depth = max(0, depth - 1) }
      case UInt8(ascii: ","): if !inQuotes && depth == 0 { return true }
      default: break
      }
    }
    return false
  }
}
