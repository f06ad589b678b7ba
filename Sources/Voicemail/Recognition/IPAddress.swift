/// An IPv4 or IPv6 address (RFC 4291); IPv4 is kept in its mapped form, `::ffff:192.0.2.1`.
package struct IPAddress: Sendable, Hashable {
  let bits: UInt128
  private static let mappedPrefix = UInt128(0xffff) << 32

  init(bits: UInt128) {
    self.bits = bits
  }

  /// Whether it is an IPv4 address, mapped or not.
  var isIPv4: Bool { bits >> 32 == 0xffff }

  /// Reads `192.0.2.1`, `2001:db8::1`, `::ffff:192.0.2.1`, `fe80::1%eth0`, and the forms of MTAs:
  /// `[2001:db8::1]`, `IPv6:2001:db8::1`. nil for anything else.
  package init?(_ text: String) {
    var rest = Substring(text)
    if let value = Self.ipv4(rest) {
      bits = Self.mappedPrefix | UInt128(value)
      return
    }
    if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
    if rest.prefix(5).lowercased() == "ipv6:" { rest = rest.dropFirst(5) }
    guard rest.utf8.count <= 64 else { return nil }
    if !rest.contains(":") {
      guard let value = Self.ipv4(rest) else { return nil }
      bits = Self.mappedPrefix | UInt128(value)
      return
    }
    // The zone names an interface of this host and says nothing of the address.
    rest = rest.prefix { $0 != "%" }
    guard let value = Self.ipv6(rest) else { return nil }
    bits = value
  }

  /// Byte by byte, as it is asked of every message.
  private static func ipv4(_ text: Substring) -> UInt32? {
    var value: UInt32 = 0
    var (field, digits, dots) = (UInt32(0), 0, 0)
    for byte in text.utf8 {
      switch byte {
      case 48...57:
        // `010` is 8 to some readers and 10 to others: refused.
        guard digits == 0 || field != 0 else { return nil }
        field = field * 10 + UInt32(byte - 48)
        digits += 1
        guard field <= 255 else { return nil }
      case UInt8(ascii: "."):
        guard digits > 0, dots < 3 else { return nil }
        value = value << 8 | field
        (field, digits, dots) = (0, 0, dots + 1)
      default: return nil
      }
    }
    return digits > 0 && dots == 3 ? value << 8 | field : nil
  }

  private static func ipv6(_ text: Substring) -> UInt128? {
    guard let gap = doubleColon(in: text) else {
      guard let all = groups(text), all.count == 8 else { return nil }
      return join(all)
    }
    let head = text[..<gap.lowerBound]
    let tail = text[gap.upperBound...]
    guard doubleColon(in: tail) == nil, !head.contains("."),
      let before = head.isEmpty ? [] : groups(head), let after = tail.isEmpty ? [] : groups(tail),
      before.count + after.count < 8
    else { return nil }
    let zeros = [UInt16](repeating: 0, count: 8 - before.count - after.count)
    return join(before + zeros + after)
  }

  private static func doubleColon(in text: Substring) -> Range<Substring.Index>? {
    var index = text.startIndex
    while index < text.endIndex {
      let next = text.index(after: index)
      if text[index] == ":", next < text.endIndex, text[next] == ":" {
        return index..<text.index(after: next)
      }
      index = next
    }
    return nil
  }

  private static func groups(_ text: Substring) -> [UInt16]? {
    var result: [UInt16] = []
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    for (position, field) in fields.enumerated() {
      if position == fields.count - 1, field.contains(".") {
        guard let value = ipv4(field) else { return nil }
        result += [UInt16(value >> 16), UInt16(value & 0xffff)]
        continue
      }
      guard (1...4).contains(field.utf8.count), field.utf8.first != 43, field.utf8.first != 45,
        let group = UInt16(field, radix: 16)
      else { return nil }
      result.append(group)
    }
    return result
  }

  private static func join(_ groups: [UInt16]) -> UInt128 {
    groups.reduce(0) { $0 << 16 | UInt128($1) }
  }
}

/// A range of addresses with a common prefix (RFC 4632): `10.0.0.0/8`.
package struct IPNetwork: Sendable, Hashable {
  let first: IPAddress
  /// Length of the prefix within 128 bits.
  let prefixLength: Int

  package func contains(_ address: IPAddress) -> Bool {
    // `::/0` means all of IPv6 to whoever writes it, not IPv4 in its mapped form.
    guard address.isIPv4 == first.isIPv4 else { return false }
    return (address.bits ^ first.bits) & Self.mask(prefixLength) == 0
  }

  static func mask(_ length: Int) -> UInt128 {
    length <= 0 ? 0 : UInt128.max << (128 - min(length, 128))
  }
}
