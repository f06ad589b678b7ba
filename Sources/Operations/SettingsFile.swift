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

  init(path: String, text: String) throws(SettingsError) {
    self.path = path
    self.text = text
    // C: g_key_file_load_from_data, freed by g_key_file_unref.
    let file = unsafe g_key_file_new()
    defer { unsafe g_key_file_unref(file) }
    var error: UnsafeMutablePointer<GError>?
    let loaded = unsafe g_key_file_load_from_data(
      file, text, gsize(text.utf8.count), G_KEY_FILE_NONE, &error)
    guard loaded != 0 else {
      let words = unsafe error.map { unsafe String(cString: $0.pointee.message) } ?? "unreadable"
      unsafe g_clear_error(&error)
      throw SettingsError(lines: ["\(path)\(Self.badLine(text)): \(words)"])
    }
    for section in unsafe Self.strings(g_key_file_get_groups(file, nil)) {
      var found: [String: String] = [:]
      for key in unsafe Self.strings(g_key_file_get_keys(file, section, nil, nil)) {
        guard let value = unsafe g_key_file_get_value(file, section, key, nil) else { continue }
        found[key] = unsafe String(cString: value)
        unsafe g_free(value)
      }
      values[section] = found
    }
  }

  /// `file:line`, or the file alone where the line cannot be found.
  func place(section: String, key: String?) -> String {
    var current = ""
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = line.trimmingSpaces
      if line.hasPrefix("["), line.hasSuffix("]") {
        current = String(line.dropFirst().dropLast())
        if key == nil, current == section { return "\(path):\(index + 1)" }
      } else if current == section, let key,
        line.prefix(while: { $0 != "=" }).trimmingSpaces == key
      {
        return "\(path):\(index + 1)"
      }
    }
    return path
  }

  /// `:LINE` of the first line that is neither section, key, comment nor empty.
  private static func badLine(_ text: String) -> String {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = line.trimmingSpaces
      let isFine =
        line.isEmpty || line.hasPrefix("#") || (line.hasPrefix("[") && line.hasSuffix("]"))
        || (line.contains("=") && !line.hasPrefix("="))
      if !isFine { return ":\(index + 1)" }
    }
    return ""
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
