internal import Audio
internal import Mail
internal import MilterBridge
internal import Operations
internal import Speech
internal import Spool

/// Versions of the program and of the C libraries it runs with.
enum Version {
  static let program = "0.1.0"

  static var text: String {
    var text = "voicemail-milter \(program)\n"
    for (name, version) in [
      ("libmilter", milterLibraryVersion), ("GMime", gmimeLibraryVersion),
      ("SQLite", sqliteLibraryVersion), ("libsndfile", soundFileLibraryVersion),
      ("libsoxr", resamplerLibraryVersion), ("PocketSphinx", pocketSphinxLibraryVersion),
      ("GLib", glibLibraryVersion), ("libmicrohttpd", httpLibraryVersion),
      ("libcurl", curlLibraryVersion), ("OpenSSL", opensslLibraryVersion),
    ] {
      text += Output.row(name, version)
    }
    return text
  }
}
