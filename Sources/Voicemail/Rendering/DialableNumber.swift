/// A caller's number that a telephone can dial (RFC 3966), for the `tel:` link.
struct DialableNumber: Equatable {
  /// Digits, perhaps after a `+`.
  let digits: String

  /// nil for extensions, which a mobile phone cannot dial, unless they are wanted, and for anything but
  /// digits with the usual separators. `+44 (0)20 ...` is refused too: its zero must not be dialled.
  init?(_ number: String?, orExtension: Bool = false) {
    guard let number, number.utf8.count <= 40 else { return nil }
    var kept = ""
    var previous: Character = " "
    for character in number {
      switch character {
      case "0"..."9" where character.isASCII:
        if character == "0", previous == "(" { return nil }
        kept.append(character)
      case "+":
        guard kept.isEmpty else { return nil }
        kept.append(character)
      case " ", "-", ".", "(", ")", "/": break
      default: return nil
      }
      previous = character
    }
    let count = kept.utf8.count - (kept.hasPrefix("+") ? 1 : 0)
    // E.164 allows 15 digits; dialling prefixes come on top.
    guard ((orExtension ? 2 : 6)...18).contains(count) else { return nil }
    digits = kept
  }
}
