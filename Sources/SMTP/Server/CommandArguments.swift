/// What stands behind MAIL and RCPT: a path and ESMTP parameters (RFC 5321, 4.1.2).
enum CommandArguments {
  struct Refusal: Error {
    var reply: SMTPReply

    init(_ code: Int, _ text: String) { reply = SMTPReply(code, text) }
  }

  static let maximumParameters = 20

  static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop { $0 == 0x20 || $0 == 0x09 }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    return bytes
  }

  /// `FROM:<address> KEY=VALUE ...`: the address without brackets, the parameters verbatim.
  ///
  /// Parameters of extensions that we do not offer are refused with 555: dropped, they would mean
  /// something else than the client was told.
  static func path(
    _ bytes: ArraySlice<UInt8>, after keyword: String, known: Set<String>
  ) throws(Refusal) -> (String, [String]) {
    let start = bytes.prefix(keyword.utf8.count)
    guard String(decoding: start, as: UTF8.self).uppercased() == keyword else {
      throw Refusal(501, "5.5.4 \(keyword)<address> expected")
    }
    var rest = trimmed(bytes.dropFirst(keyword.utf8.count))
    guard rest.popFirst() == UInt8(ascii: "<"), let end = endOfPath(rest) else {
      throw Refusal(501, "5.5.4 The address stands between angle brackets")
    }
    guard let address = String(validating: rest[..<end], as: UTF8.self) else {
      throw Refusal(501, "5.5.4 The address is not UTF-8")
    }
    if let problem = AddressCheck.problem(address) {
      throw Refusal(501, "5.1.7 Bad address: \(problem)")
    }
    rest = rest[(end + 1)...]
    guard rest.isEmpty || rest.first == 0x20 else {
      throw Refusal(501, "5.5.4 A space is missing behind the address")
    }
    return (address, try parameters(rest, known: known))
  }

  /// Where the path's bracket closes; one in a quoted local part does not.
  private static func endOfPath(_ bytes: ArraySlice<UInt8>) -> Int? {
    var isQuoted = false
    var isEscaped = false
    for index in bytes.indices {
      if isEscaped {
        isEscaped = false
        continue
      }
      switch bytes[index] {
      case UInt8(ascii: "\\") where isQuoted: isEscaped = true
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: ">") where !isQuoted: return index
      default: break
      }
    }
    return nil
  }

  private static func parameters(
    _ bytes: ArraySlice<UInt8>, known: Set<String>
  ) throws(Refusal) -> [String] {
    let words = bytes.split(separator: 0x20)
    guard words.count <= maximumParameters else {
      throw Refusal(501, "5.5.4 More than \(maximumParameters) parameters")
    }
    var result: [String] = []
    for word in words {
      guard let text = String(validating: word, as: UTF8.self),
        word.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), word.count <= 600
      else { throw Refusal(501, "5.5.4 Bad parameter") }
      let keyword = text.prefix { $0 != "=" }.uppercased()
      guard known.contains(keyword) else { throw Refusal(555, "5.5.4 Parameter not known") }
      if keyword == "SIZE" {
        guard let size = Int(text.dropFirst("SIZE=".count)), size >= 0 else {
          throw Refusal(501, "5.5.4 SIZE needs a number")
        }
      }
      result.append(text)
    }
    return result
  }
}
