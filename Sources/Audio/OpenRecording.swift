internal import Voicemail

/// A recording opened for reading by whatever reads its format.
struct OpenRecording: ~Copyable {
  let sound: SoundFile
  let codec: String
  let container: String
  /// What is wrong with the file and did not stop us, for the administrator: clauses in lower case.
  let remarks: [String]
  /// Whether its end is missing, as its header says.
  let isCutOff: Bool
  /// How long it is by its header; nil where that does not tell, or not believably.
  let claimedSeconds: Double?

  private init(
    _ sound: consuming SoundFile, codec: String? = nil, container: String? = nil,
    remarks: [String] = [], isCutOff: Bool = false
  ) {
    let frames = Double(sound.claimedFrames)
    self.init(
      sound, codec: codec, container: container, remarks: remarks, isCutOff: isCutOff,
      seconds: frames / Double(sound.sampleRateHz))
  }

  private init(
    _ sound: consuming SoundFile, codec: String?, container: String?, remarks: [String],
    isCutOff: Bool, seconds: Double?
  ) {
    claimedSeconds = seconds
    self.isCutOff = isCutOff
    self.codec = codec ?? sound.format.codec
    self.container = container ?? sound.format.container
    self.remarks = remarks
    self.sound = sound
  }

  /// The bytes decide; what the sender calls them counts where they say nothing.
  static func open(
    _ file: [UInt8], contentType: String, filename: String?, foreign: ForeignDecoder?
  ) throws(StepFailure) -> OpenRecording {
    let named = HeaderlessFormat(file, contentType: contentType, filename: filename)
    // What libsndfile takes for MPEG in these is chance.
    if let format = ForeignFormat.sniffed(file), named == nil || !format.isWeak {
      if let sound = try? SoundFile(file), !sound.format.isMPEG { return OpenRecording(sound) }
      return try open(file, format, with: foreign)
    }
    do throws(StepFailure) {
      let repaired = streamedWAV(file)
      let sound = try SoundFile(repaired ?? file)
      // Loud bare samples hold the 11 bits that begin an MPEG frame sooner or later.
      if let named, sound.format.isMPEG, !file.starts(with: "ID3".utf8) {
        return try open(file, named, with: foreign)
      }
      if repaired != nil {
        return OpenRecording(sound, remarks: ["its header says that it is empty, which it is not"])
      }
      guard let missing = missingSound(file) else { return OpenRecording(sound) }
      return OpenRecording(
        sound,
        remarks: ["cut off: \(missing.there) of \(missing.announced) bytes of sound are there"],
        isCutOff: true)
    } catch {
      if let named { return try open(file, named, with: foreign) }
      // A second opinion on what both know; if there is none, the first one stands.
      if let foreign, let format = ForeignFormat.known(file),
        let recording = try? open(file, format, with: foreign)
      {
        return recording
      }
      throw looksLikeText(file) ? .permanent("\(error.sentence) (it looks like text)") : error
    }
  }

  private static func open(
    _ file: [UInt8], _ named: HeaderlessFormat, with foreign: ForeignDecoder?
  ) throws(StepFailure) -> OpenRecording {
    switch named {
    case .bare(let format, let rate):
      return OpenRecording(try SoundFile(file, headerless: format, rateHz: rate))
    case .g726:
      return OpenRecording(try SoundFile(g726InAU(file)), codec: "G.726", container: "raw")
    case .foreign(let format): return try open(file, format, with: foreign)
    }
  }

  private static func open(
    _ file: [UInt8], _ format: ForeignFormat, with foreign: ForeignDecoder?
  ) throws(StepFailure) -> OpenRecording {
    guard let foreign else {
      throw .permanent(
        "a recording in \(format.name), for which the ffmpeg program is needed; apt install ffmpeg")
    }
    let (wav, codec, seconds) = try foreign.decode(file, format)
    // The length of the WAV is that of the time ffmpeg was given, and says nothing of the recording.
    return OpenRecording(
      try SoundFile(wav), codec: codec, container: format.container, remarks: [], isCutOff: false,
      seconds: seconds)
  }
}
