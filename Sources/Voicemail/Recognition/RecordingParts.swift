/// Which parts of a message are recordings of a caller.
package enum RecordingParts {
  private static let audioExtensions: Set<String> = [
    "wav", "wave", "wav49", "mp3", "mp2", "gsm", "ogg", "oga", "opus", "spx", "amr", "awb", "3gp",
    "3gpp", "m4a", "mp4", "aac", "au", "snd", "ulaw", "ul", "mulaw", "pcmu", "alaw", "al", "pcma",
    "pcm", "raw", "sln", "sln16", "slin", "g722", "g723", "g726", "g729", "ilbc", "vox", "aif",
    "aiff", "aifc", "caf", "flac", "wma", "webm", "qcp",
  ]
  /// Names that no recording has, whatever its declared type: the usual "voicemails" of phishers.
  private static let otherExtensions: Set<String> = [
    "htm", "html", "shtml", "xhtml", "svg", "zip", "rar", "7z", "gz", "iso", "img", "exe", "scr",
    "js", "vbs", "lnk", "pdf", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "txt", "xml", "eml",
    "m3u", "m3u8", "pls",
  ]
  private static let otherAudioTypes: Set<String> = [
    "audio/midi", "audio/mid", "audio/x-midi", "audio/mpegurl", "audio/x-mpegurl", "audio/x-scpls",
  ]
  /// RFC 3801, 4.2: these parts accompany a message and are not it.
  private static let spokenLabels: Set<String> = [
    "originator-spoken-name", "recipient-spoken-name", "spoken-subject",
  ]

  package static func indices(in parts: [PartFacts]) -> [Int] {
    parts.filter(isRecording).map(\.index)
  }

  /// Types and names are hints, as PBXs get both wrong; the decoder looks at the bytes.
  static func isRecording(_ part: PartFacts) -> Bool {
    guard !part.isNested else { return false }
    if let label = part.dispositionParameters["voice"]?.lowercased(), spokenLabels.contains(label) {
      return false
    }
    let fileExtension = fileExtension(part.filename)
    if let fileExtension, otherExtensions.contains(fileExtension) { return false }
    let type = part.contentType
    if type.hasPrefix("audio/") { return !otherAudioTypes.contains(type) }
    if type == "application/ogg" || type == "video/3gpp" || type == "video/3gpp2" { return true }
    // A generic type says nothing: the name decides. text/* says that it is text.
    let isGeneric =
      type.hasPrefix("application/") || type.hasPrefix("binary/") || type.hasPrefix("video/")
    guard isGeneric, let fileExtension else { return false }
    return audioExtensions.contains(fileExtension)
  }

  private static func fileExtension(_ filename: String?) -> String? {
    guard let filename else { return nil }
    let name = SafeText.line(filename, limit: 300)
    guard let dot = name.lastIndex(of: ".") else { return nil }
    return name[name.index(after: dot)...].lowercased()
  }
}
