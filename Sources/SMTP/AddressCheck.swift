/// Whether an address can stand between the angle brackets of MAIL and RCPT.
///
/// A CR, LF or NUL would end the command and begin one of the sender's choice; an open `>` or
/// space would begin parameters. Both are refused before anything is sent. RFC 5321, 4.1.2
/// allows space and brackets within a quoted local part.
enum AddressCheck {
  /// RFC 5321, 4.5.3.1.3 says 256; real ones (VERP, BATV) are longer, command lines are 2048.
  static let maximumBytes = 1000

  /// Nil when the address can be sent, else what is wrong with it.
  static func problem(_ address: String) -> String? {
    guard address.utf8.count <= maximumBytes else {
      return "the address has \(address.utf8.count) bytes, at most \(maximumBytes) can be sent"
    }
    var isQuoted = false
    var isEscaped = false
    for byte in address.utf8 {
      guard byte >= 0x20, byte != 0x7F else { return "the address holds a control character" }
      if isEscaped {
        isEscaped = false
        continue
      }
      switch byte {
      case UInt8(ascii: "\\") where isQuoted: isEscaped = true
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: " "), UInt8(ascii: "<"), UInt8(ascii: ">"):
        guard isQuoted else { return "the address holds a space or an angle bracket" }
      default: break
      }
    }
    return isQuoted || isEscaped ? "the address holds an open quotation mark" : nil
  }
}
