import Glibc

/// One attribute of an XFORWARD command (Postfix, XFORWARD_README), its xtext decoded.
///
/// XFORWARD tells of the first client; an empty or `[UNAVAILABLE]` value says that it is not known.
package enum ForwardedAttribute: Sendable, Equatable {
  case name(String?)
  case address(String?)
  case port(Int?)
  case protocolName(String?)
  case helo(String?)
  case queueID(String?)
  case source(ForwardedClient.Source?)

  /// What EHLO offers.
  static let offer = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"

  static func list(
    _ bytes: ArraySlice<UInt8>
  ) throws(CommandArguments.Refusal) -> [ForwardedAttribute] {
    var result: [ForwardedAttribute] = []
    for word in bytes.split(separator: 0x20) { result.append(try one(word)) }
    guard !result.isEmpty else { throw .init(501, "5.5.4 XFORWARD needs an attribute") }
    return result
  }

  private static func one(
    _ word: ArraySlice<UInt8>
  ) throws(CommandArguments.Refusal) -> ForwardedAttribute {
    guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else {
      throw .init(501, "5.5.4 XFORWARD: attribute=value expected")
    }
    guard let value = decoded(word[(equals + 1)...]) else {
      throw .init(501, "5.5.4 XFORWARD: bad value")
    }
    let known = value.isEmpty || value.uppercased() == "[UNAVAILABLE]" ? nil : value
    switch String(decoding: word[..<equals], as: UTF8.self).uppercased() {
    case "NAME": return .name(known)
    case "PROTO": return .protocolName(known)
    case "HELO": return .helo(known)
    case "IDENT": return .queueID(known)
    case "ADDR":
      guard let known else { return .address(nil) }
      guard let address = numeric(known) else {
        throw .init(501, "5.5.4 XFORWARD: ADDR is no network address")
      }
      return .address(address)
    case "PORT":
      guard let known else { return .port(nil) }
      guard let port = UInt16(known) else { throw .init(501, "5.5.4 XFORWARD: bad PORT") }
      return .port(Int(port))
    case "SOURCE":
      // Postfix's own server takes any case, and nothing but these two.
      guard let known else { return .source(nil) }
      guard let source = ForwardedClient.Source(rawValue: known.uppercased()) else {
        throw .init(501, "5.5.4 XFORWARD: bad SOURCE")
      }
      return .source(source)
    default: throw .init(501, "5.5.4 XFORWARD: attribute not known")
    }
  }

  /// RFC 3461, 4: `+XX` is a byte. Nil for what is none, for control characters and for no UTF-8.
  static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
    guard bytes.count <= 1_000 else { return nil }
    var result: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "+") else {
        result.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hex), let low = rest.popFirst().flatMap(hex) else {
        return nil
      }
      result.append(high << 4 | low)
    }
    guard result.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    return String(validating: result, as: UTF8.self)
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  /// The address without the `IPV6:` of XFORWARD. C: `inet_pton`.
  private static func numeric(_ text: String) -> String? {
    let text = text.uppercased().hasPrefix("IPV6:") ? String(text.dropFirst(5)) : text
    var binary = in6_addr()
    let isAddress =
      unsafe inet_pton(AF_INET, text, &binary) == 1 || inet_pton(AF_INET6, text, &binary) == 1
    return isAddress ? text : nil
  }
}

extension ForwardedClient {
  mutating func set(_ attribute: ForwardedAttribute) {
    switch attribute {
    case .name(let value): name = value
    case .address(let value): address = value
    case .port(let value): port = value
    case .protocolName(let value): protocolName = value
    case .helo(let value): helo = value
    case .queueID(let value): queueID = value
    case .source(let value): source = value
    }
  }
}
