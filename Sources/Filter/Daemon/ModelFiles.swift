internal import Glibc
internal import Speech
internal import Voicemail

/// Finds a missing speech model before the first message does.
enum ModelFiles {
  static func check(_ setup: WorkerSetup) throws(CommandFailure) {
    for (what, path) in [
      ("acoustic_model", setup.acousticModel), ("language_model", setup.languageModel),
      ("dictionary", setup.dictionary),
    ] {
      let path = path ?? standard(what)
      guard unsafe access(path, R_OK) == 0 else {
        throw CommandFailure(
          "speech model \(path): \(unsafe String(cString: strerror(errno))); install it (apt install "
            + "pocketsphinx-en-us) or set [transcription] \(what)")
      }
    }
  }

  /// Where Debian's pocketsphinx-en-us keeps it.
  private static func standard(_ what: String) -> String {
    let root = "/usr/share/pocketsphinx/model/en-us/"
    return switch what {
    case "acoustic_model": root + "en-us/mdef"
    case "language_model": root + "en-us.lm.bin"
    default: root + "cmudict-en-us.dict"
    }
  }
}
