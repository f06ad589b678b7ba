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

  /// What a recording is to the message.
  package enum Kind: String, Sendable, Codable {
    case message
    /// What somebody who passed the message on within the phone system said to it.
    case introduction
    /// A name or subject that was spoken (RFC 3801, 4.2): it accompanies a message and is not its text.
    case spokenName = "spoken name"
  }

  /// Messages and introductions.
  package static func indices(in parts: [PartFacts]) -> [Int] {
    parts.filter { [.message, .introduction].contains(kind($0)) }.map(\.index)
  }

  /// nil for what is no recording. Types and names are hints, as PBXs get both wrong; the decoder looks at the bytes.
  package static func kind(_ part: PartFacts) -> Kind? {
    guard isSound(part) else { return nil }
    if let label = part.dispositionParameters["voice"]?.lowercased(), spokenLabels.contains(label) {
      return .spokenName
    }
    // Asterisk: msgintro0002.wav; FusionPBX: intro_msg_UUID.wav.
    let name = part.filename?.lowercased() ?? ""
    return name.hasPrefix("msgintro") || name.hasPrefix("intro_") ? .introduction : .message
  }

  private static func isSound(_ part: PartFacts) -> Bool {
    guard !part.isNested else { return false }
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
