import Foundation

/// A message as a mail program reads it: fields, and leaves with their transfer encoding removed.
///
/// Deliberately not by the MIME library under test.
package struct ReceivedMail: Sendable {
  package struct Field: Sendable, Equatable {
    package var name: String
    /// Without line breaks; white space at folds as it was.
    package var value: String
  }

  package struct Part: Sendable {
    package var fields: [Field]
    /// Lower case, without parameters.
    package var contentType: String
    package var content: [UInt8]
    package var text: String { String(decoding: content, as: UTF8.self) }
  }

  package var fields: [Field]
  /// The leaves in order.
  package var parts: [Part]

  /// Reads a message with any line ends.
  package init(_ message: some Sequence<UInt8>) {
    // Characters stand for bytes here, so that no byte is lost.
    let text = String(String.UnicodeScalarView(message.map { Unicode.Scalar($0) }))
      .replacing("\r\n", with: "\n")
    let (fields, body) = Self.divide(text)
    self.fields = fields
    parts = Self.leaves(fields, body)
  }

  /// The first field of that name.
  package subscript(_ name: String) -> String? { all(name).first }

  package func all(_ name: String) -> [String] {
    fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
  }

  package func part(_ contentType: String) -> Part? {
    parts.first { $0.contentType == contentType }
  }

  /// The content of the recordings.
  package var recordings: [[UInt8]] {
    parts.filter { $0.contentType.hasPrefix("audio/") }.map(\.content)
  }

  /// Bytes without those fields that every MTA on the way puts above a message, and without these others there.
  package static func withoutTrace(
    _ message: some Sequence<UInt8>, and others: Set<String> = []
  ) -> [UInt8] {
    let usual: Set = ["return-path", "envelope-to", "x-original-to", "delivered-to", "received"]
    let trace = usual.union(others)
    var lines = [UInt8](message).split(separator: 0x0A, omittingEmptySubsequences: false)[...]
    while let line = lines.first {
      let name = line.prefix { $0 != UInt8(ascii: ":") }
      guard trace.contains(String(decoding: name, as: UTF8.self).lowercased()) else { break }
      repeat {
        lines.removeFirst()
      } while lines.first?.first == UInt8(ascii: " ") || lines.first?.first == UInt8(ascii: "\t")
    }
    return Array(lines.joined(separator: [0x0A]))
  }

  private static func divide(_ text: String) -> (fields: [Field], body: String) {
    var fields: [Field] = []
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let line = lines.popFirst(), !line.isEmpty {
      if line.first == " " || line.first == "\t", !fields.isEmpty {
        fields[fields.count - 1].value += line
      } else if let colon = line.firstIndex(of: ":") {
        fields.append(
          Field(
            name: String(line[..<colon]),
            value: line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)))
      }
    }
    return (fields, lines.joined(separator: "\n"))
  }

  private static func leaves(_ fields: [Field], _ body: String) -> [Part] {
    func field(_ name: String) -> String? {
      fields.first { $0.name.lowercased() == name }?.value
    }
    let type = field("content-type") ?? "text/plain"
    let contentType = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    if contentType.hasPrefix("multipart/"), let boundary = parameter("boundary", of: type) {
      return sections(body, boundary).flatMap { section in
        let (fields, body) = divide(section)
        return leaves(fields, body)
      }
    }
    let encoding = field("content-transfer-encoding")?.lowercased() ?? "7bit"
    return [
      Part(fields: fields, contentType: contentType, content: decode(body, encoding))
    ]
  }

  private static func parameter(_ name: String, of value: String) -> String? {
    guard let start = value.range(of: "\(name)=", options: .caseInsensitive) else { return nil }
    let rest = value[start.upperBound...]
    return rest.hasPrefix("\"")
      ? String(rest.dropFirst().prefix { $0 != "\"" }) : String(rest.prefix { $0 != ";" })
  }

  private static func sections(_ body: String, _ boundary: String) -> [String] {
    var sections: [[Substring]] = []
    for line in body.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("--\(boundary)--") { break }
      if line.hasPrefix("--\(boundary)") {
        sections.append([])
      } else if !sections.isEmpty {
        sections[sections.count - 1].append(line)
      }
    }
    return sections.map { $0.joined(separator: "\n") }
  }

  private static func decode(_ body: String, _ encoding: String) -> [UInt8] {
    switch encoding {
    case "base64":
      return [UInt8](Data(base64Encoded: body, options: .ignoreUnknownCharacters) ?? Data())
    case "quoted-printable":
      let bytes = body.replacing("=\n", with: "").unicodeScalars.map { UInt8($0.value & 255) }
      var result: [UInt8] = []
      var rest = bytes[...]
      while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "="),
          let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        {
          result.append(value)
          rest = rest.dropFirst(2)
        } else {
          result.append(byte)
        }
      }
      return result
    default: return body.unicodeScalars.map { UInt8($0.value & 255) }
    }
  }
}
