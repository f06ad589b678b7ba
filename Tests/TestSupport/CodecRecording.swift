import Foundation
import Synchronization

/// A spoken prompt of Debian's asterisk-core-sounds-en-wav in the codecs that phone systems use.
package enum CodecRecording: String, CaseIterable, Sendable {
  case pcm, wav49, gsm, ulaw, alaw, ulawWAV, alawWAV, g722, g726, mp3, vorbis, opus, wma, m4a, amr
  /// 5 s in which nobody speaks; 3 s of line noise; a melody; 5 minutes of speech; two languages.
  case silence, noise, music, long, twoLanguages
  /// A WAV file whose end is missing, and one whose sizes are 0 as a recorder leaves them that streams.
  case truncated, sizeless

  private static let made = Mutex<[CodecRecording: [UInt8]]>([:])

  /// The file's bytes; each is made once.
  package func bytes() throws -> [UInt8] {
    if let known = Self.made.withLock({ $0[self] }) { return known }
    let bytes = try make()
    Self.made.withLock { $0[self] = bytes }
    return bytes
  }

  private static let prompts = ["number-not-answering", "check-number-dial-again"].map {
    "\(VoicemailRecording.folder)/\($0).wav"
  }
  private static let spanish = "/usr/share/asterisk/sounds/es_MX_f_Allison/vm-intro.wav"

  private func make() throws -> [UInt8] {
    switch self {
    case .pcm: try sox(Self.prompts, "wav")
    case .wav49: try sox(Self.prompts + ["-e", "gsm-full-rate"], "wav")
    case .gsm: try sox(Self.prompts, "gsm")
    case .ulaw: try sox(Self.prompts + ["-t", "ul"], "ul")
    case .alaw: try sox(Self.prompts + ["-t", "al"], "al")
    case .ulawWAV: try sox(Self.prompts + ["-e", "mu-law"], "wav")
    case .alawWAV: try sox(Self.prompts + ["-e", "a-law"], "wav")
    case .g722: try ffmpeg("g722", ["-c:a", "g722"])
    case .g726: try ffmpeg("g726", ["-c:a", "g726", "-b:a", "32k", "-f", "g726"])
    case .mp3: try ffmpeg("mp3", ["-c:a", "libmp3lame", "-b:a", "24k"])
    case .vorbis: try ffmpeg("ogg", ["-c:a", "libvorbis"])
    case .opus: try ffmpeg("opus", ["-c:a", "libopus", "-b:a", "16k"])
    case .wma: try ffmpeg("asf", ["-c:a", "wmav2", "-b:a", "32k", "-f", "asf"])
    case .m4a: try ffmpeg("m4a", ["-c:a", "aac", "-b:a", "32k"])
    // ffmpeg has no encoder for it, sox has opencore-amr's.
    case .amr: try sox(Self.prompts + ["-t", "amr-nb"], "amr")
    case .silence: try sox(["-n", "-r", "8000", "-b", "16", "TO", "trim", "0", "5"], "wav")
    case .noise:
      try sox(
        ["-n", "-r", "8000", "-b", "16", "TO", "synth", "3", "pinknoise", "vol", "0.01"], "wav")
    case .music:
      try sox(
        [
          "-n", "-r", "8000", "-b", "16", "TO", "synth", "2", "pluck", "C3", "pluck", "E3", "pluck",
          "G3", "repeat", "2",
        ], "wav")
    case .long: try sox(Self.prompts + ["-e", "gsm-full-rate", "TO", "repeat", "75"], "wav")
    case .twoLanguages: try sox([Self.prompts[0], Self.spanish, "-e", "gsm-full-rate"], "wav")
    case .truncated: Array(try Self.pcm.bytes().dropLast(20_000))
    case .sizeless:
      // The sizes of RIFF and of its data chunk, which stands right behind a format chunk of 16 bytes.
      try Self.pcm.bytes().enumerated().map {
        (4..<8).contains($0) || (40..<44).contains($0) ? 0 : $1
      }
    }
  }

  /// `TO` or the end stands for the file it writes.
  private func sox(_ arguments: [String], _ ending: String) throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    let file = directory.file("recording.\(ending)")
    var words = arguments.map { $0 == "TO" ? file : $0 }
    if !words.contains(file) { words.append(file) }
    return try run("/usr/bin/sox", ["-R", "-V1"] + words, file)
  }

  private func ffmpeg(_ ending: String, _ arguments: [String]) throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    let (speech, file) = (directory.file("speech.wav"), directory.file("recording.\(ending)"))
    try Data(Self.pcm.bytes()).write(to: URL(fileURLWithPath: speech))
    return try run(
      "/usr/bin/ffmpeg", ["-v", "error", "-nostdin", "-i", speech] + arguments + [file], file)
  }

  private func run(_ program: String, _ arguments: [String], _ file: String) throws -> [UInt8] {
    let process = try ChildProcess(program, arguments)
    guard process.waitForExit(seconds: 60) == 0 else {
      throw ChildProcess.Failure(description: "\(program): \(process.errors)")
    }
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
  }
}
