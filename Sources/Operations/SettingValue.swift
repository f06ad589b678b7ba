internal import Voicemail

/// A value read from text as its key's kind says; nil where the text is none.
struct SettingValue {
  var text: String
  /// Of integers and modes the number; of durations milliseconds, of sizes bytes.
  var number = 0
  var list: [String] = []

  init?(_ written: String, as kind: SettingKind) {
    text = written.trimmingSpaces
    switch kind {
    case .text: break
    case .path: guard text.hasPrefix("/") else { return nil }
    case .list:
      list = text.split(separator: ",").map(\.trimmingSpaces).filter { !$0.isEmpty }
    case .integer(let range):
      guard let value = Int(text), range.contains(value) else { return nil }
      number = value
    case .duration:
      guard let value = Self.milliseconds(text) else { return nil }
      number = value
    case .size(let range):
      guard let value = Self.bytes(text), range.contains(value) else { return nil }
      number = value
    case .mode:
      guard let value = Int(text, radix: 8), (0...0o777).contains(value) else { return nil }
      number = value
    case .choice(let words): guard words.contains(text) else { return nil }
    case .country: guard text.isEmpty || Country(text) != nil else { return nil }
    case .domains:
      list = text.lowercased().split(separator: ",").map(\.trimmingSpaces).filter { !$0.isEmpty }
      guard list.allSatisfy(Self.isDomain) else { return nil }
    }
  }

  /// RFC 1035, 2.3.1, with the underscore that DNS has in practice.
  private static func isDomain(_ text: String) -> Bool {
    text.utf8.count <= 253
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
        (1...63).contains(label.utf8.count)
          && label.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "-")
              || byte == UInt8(ascii: "_")
          }
      }
  }

  private static let units = [
    "ms": 1, "s": 1_000, "sec": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000,
    "d": 86_400_000,
  ]

  private static func bytes(_ text: String) -> Int? {
    let shifts = ["": 0, "B": 0, "KB": 10, "MB": 20, "GB": 30]
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let value = Int(digits),
      let shift = shifts[text.dropFirst(digits.count).trimmingSpaces.uppercased()]
    else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: 1 << shift)
    return overflow ? nil : product
  }

  private static func milliseconds(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count).trimmingSpaces
    guard let value = Int(digits), let factor = unit.isEmpty ? 1_000 : units[unit] else {
      return nil
    }
    let (product, overflow) = value.multipliedReportingOverflow(by: factor)
    // Ten years: beyond that a unit was forgotten.
    return overflow || product > 315_360_000_000 || product == 0 ? nil : product
  }
}
