/// How telephone numbers are dialled in a country (ITU-T E.164, E.123): enough to write a caller's number in
/// international form.
package struct Country: Sendable, Equatable {
  /// ISO 3166: `DE`.
  package let name: String
  /// `49`.
  let callingCode: String
  /// What stands before a national number and falls away behind the calling code: `0`; empty where there is none.
  let trunkPrefix: String
  /// Whether national numbers are shown without it too.
  let isTrunkOptional: Bool
  /// What is dialled before a calling code: `00`; some countries have several.
  let internationalPrefixes: [String]
  /// Digits of a national number, without trunk prefix.
  let digits: ClosedRange<Int>

  /// `DE`, `de` or `+49`; nil for one that `CountryTable` does not have.
  package init?(_ text: String) {
    let wanted = SafeText.line(text, limit: 10)
    let found = CountryTable.all.first { country in
      wanted.hasPrefix("+")
        ? country.callingCode == wanted.dropFirst() : country.name == wanted.uppercased()
    }
    guard let found else { return nil }
    self = found
  }

  init(
    name: String, callingCode: String, trunkPrefix: String, isTrunkOptional: Bool,
    internationalPrefixes: [String], digits: ClosedRange<Int>
  ) {
    self.name = name
    self.callingCode = callingCode
    self.trunkPrefix = trunkPrefix
    self.isTrunkOptional = isTrunkOptional
    self.internationalPrefixes = internationalPrefixes
    self.digits = digits
  }

  /// `+4930123456` for `030 123456` in Germany; nil for an extension, a local number without area code, and anything
  /// that is not surely one number. Without a country only what begins with `+` is one.
  package static func e164(_ number: String?, in country: Country?) -> String? {
    guard let (digits, hasPlus) = number.flatMap(dialled) else { return nil }
    if hasPlus { return international(digits) }
    guard let country else { return nil }
    for prefix in country.internationalPrefixes where digits.hasPrefix(prefix) {
      if let full = international(String(digits.dropFirst(prefix.count))) { return full }
    }
    if let national = country.national(digits) { return "+\(country.callingCode)\(national)" }
    // Some trunks leave the plus away.
    guard digits.count >= 10, digits.hasPrefix(country.callingCode),
      country.digits.contains(digits.count - country.callingCode.count)
    else { return nil }
    return international(digits)
  }

  /// A national number without its trunk prefix; nil for other numbers.
  private func national(_ digits: String) -> String? {
    if !trunkPrefix.isEmpty, digits.hasPrefix(trunkPrefix) {
      let rest = digits.dropFirst(trunkPrefix.count)
      return self.digits.contains(rest.count) && rest.first != "0" ? String(rest) : nil
    }
    // Elsewhere a number without the prefix may be a local one, or one of another country.
    let isWhole = trunkPrefix.isEmpty || isTrunkOptional
    return isWhole && self.digits.contains(digits.count) ? digits : nil
  }

  /// A number that begins with a calling code; a trunk prefix behind it, as some trunks leave there, goes.
  private static func international(_ digits: String) -> String? {
    var digits = digits
    // Codes are prefix-free: no more than one fits.
    if let country = CountryTable.all.first(where: { digits.hasPrefix($0.callingCode) }),
      country.trunkPrefix == "0"
    {
      let rest = digits.dropFirst(country.callingCode.count)
      if rest.hasPrefix("0") { digits = country.callingCode + rest.dropFirst() }
    }
    guard (7...15).contains(digits.count), digits.first != "0" else { return nil }
    return "+" + digits
  }

  /// The digits of a number with the usual separators, and whether a plus stands before them. The zero of
  /// `+44 (0)20` is not dialled.
  private static func dialled(_ text: String) -> (digits: String, hasPlus: Bool)? {
    var rest = SafeText.line(text, limit: 60)[...]
    let hasPlus = rest.hasPrefix("+")
    if hasPlus { rest = rest.dropFirst() }
    var digits = ""
    while let character = rest.first {
      if hasPlus || digits.hasPrefix("00"), !digits.isEmpty, rest.hasPrefix("(0)") {
        rest = rest.dropFirst(3)
        continue
      }
      switch character {
      case "0"..."9" where character.isASCII: digits.append(character)
      case " ", "-", ".", "(", ")", "/": break
      default: return nil
      }
      rest = rest.dropFirst()
    }
    return digits.isEmpty ? nil : (digits, hasPlus)
  }
}
