import CGMime

/// Media types from the values of Content-Type fields.
enum ContentTypeText {
  /// Lower case `type/subtype`; nil when the value names none.
  static func name(_ value: [UInt8]) -> String? {
    let text = HeaderText.unfolded(value)
    // C: `g_mime_content_type_parse`, which answers application/octet-stream to nonsense.
    guard text.utf8.contains(UInt8(ascii: "/")),
      let type = unsafe g_mime_content_type_parse(nil, text)
    else {
      return nil
    }
    defer { unsafe g_object_unref(type) }
    return unsafe name(type)
  }

  /// Several fields on one leaf (Amazon Connect writes two): the one that names a recording, else
  /// the first that says more than `application/octet-stream`, else the first.
  static func mostSpecific(_ values: [[UInt8]]) -> String? {
    let names = values.compactMap { name($0) }
    return names.first { $0.hasPrefix("audio/") } ?? names.first {
      $0 != "application/octet-stream"
    } ?? names.first
  }

  static func name(_ type: UnsafeMutablePointer<GMimeContentType>) -> String? {
    guard let major = unsafe string(g_mime_content_type_get_media_type(type)),
      let minor = unsafe string(g_mime_content_type_get_media_subtype(type))
    else { return nil }
    return "\(major)/\(minor)".lowercased()
  }
}
