internal import CGLib

/// Why a configuration cannot be used: one line each, with file, line, key, value and what is allowed.
package struct SettingsError: Error, Sendable, Equatable {
  package var lines: [String]

  package init(lines: [String]) { self.lines = lines }
}

/// The values of a configuration file, read by GLib's key-file parser.
///
/// GLib does not tell line numbers; they are found again in the text for messages.
struct SettingsFile {
  let path: String
  private let text: String
  /// By section and key, as written.
  private(set) var values: [String: [String: String]] = [:]
  /// Sections and their keys in the order of the file.
  private(set) var order: [(section: String, keys: [String])] = []

  init(path: String, bytes: [UInt8]) throws(SettingsError) {
    self.path = path
    text = String(decoding: bytes, as: UTF8.self)
    for (index, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
      // A NUL would end the value for C, in silence.
      let trouble =
        line.contains(0)
        ? "a NUL byte"
        : String(validating: line, as: UTF8.self) == nil ? "bytes that are not UTF-8" : nil
      guard let trouble else { continue }
      throw SettingsError(lines: ["\(path):\(index + 1): the line has \(trouble)"])
    }
    // C: g_key_file_new, freed by g_key_file_unref.
    let file = unsafe g_key_file_new()
    defer { unsafe g_key_file_unref(file) }
    guard unsafe Self.load(text, into: file) else {
      throw SettingsError(lines: [
        "\(path):\(Self.badLine(text)): must be a [section], a key = value in a section, or a "
          + "# comment"
      ])
    }
    for section in unsafe Self.strings(g_key_file_get_groups(file, nil)) {
      var found: [String: String] = [:]
      let keys = unsafe Self.strings(g_key_file_get_keys(file, section, nil, nil))
      for key in keys {
        guard let value = unsafe g_key_file_get_value(file, section, key, nil) else { continue }
        found[key] = unsafe String(cString: value)
        unsafe g_free(value)
      }
      values[section] = found
      order.append((section, keys))
    }
  }

  /// KEEP_TRANSLATIONS: else GLib drops `key[de] = value` in silence. C: `g_key_file_load_from_data`
  private static func load(_ text: String, into file: OpaquePointer?) -> Bool {
    unsafe g_key_file_load_from_data(
      file, text, gsize(text.utf8.count), G_KEY_FILE_KEEP_TRANSLATIONS, nil) != 0
  }

  /// `file:line`, or the file alone where the line cannot be found; of a key given twice the one that counts.
  func place(section: String, key: String?) -> String {
    var current = ""
    var found: Int?
    for (index, line) in Self.lines(text).enumerated() {
      let line = line.trimmingSpaces
      if line.hasPrefix("["), line.hasSuffix("]") {
        current = String(line.dropFirst().dropLast())
        if key == nil, current == section { return "\(path):\(index + 1)" }
      } else if current == section, let key,
        line.prefix(while: { $0 != "=" }).trimmingSpaces == key
      {
        found = index + 1
      }
    }
    return found.map { "\(path):\($0)" } ?? path
  }

  /// What a message quotes of the file: short, on one line, nothing that moves a terminal.
  static func shown(_ text: String) -> String {
    let clean = text.unicodeScalars.prefix(80).map { scalar in
      scalar.properties.generalCategory == .control || scalar.properties.isWhitespace ? " " : scalar
    }
    return String(String.UnicodeScalarView(clean)) + (text.unicodeScalars.count > 80 ? "..." : "")
  }

  /// By bytes: to Swift a CR LF is one character.
  private static func lines(_ text: String) -> [Substring] {
    text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { Substring($0) }
  }

  /// The line GLib stumbles at: the shortest beginning of the file that it does not take ends there.
  private static func badLine(_ text: String) -> Int {
    let all = lines(text)
    var (good, bad) = (0, all.count)
    while bad - good > 1 {
      let middle = (good + bad) / 2
      let file = unsafe g_key_file_new()
      if unsafe load(all.prefix(middle).joined(separator: "\n") + "\n", into: file) {
        good = middle
      } else {
        bad = middle
      }
      unsafe g_key_file_unref(file)
    }
    return bad
  }

  /// Copies and frees a NULL-terminated list. C: g_strfreev
  private static func strings(_ list: UnsafeMutablePointer<UnsafeMutablePointer<gchar>?>?)
    -> [String]
  {
    guard let list = unsafe list else { return [] }
    defer { unsafe g_strfreev(list) }
    var found: [String] = []
    var index = 0
    while let item = unsafe list[index] {
      found.append(unsafe String(cString: item))
      index += 1
    }
    return found
  }
}

extension StringProtocol {
  /// Without spaces and tabs at both ends.
  var trimmingSpaces: String {
    String(
      drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
