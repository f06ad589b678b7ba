internal import CSndFile
internal import Voicemail

/// An open recording in memory: the one owner of a libsndfile handle.
///
/// Nothing in a header is believed: the number of frames is only a hint, reading ends where the
/// bytes end.
@safe struct SoundFile: ~Copyable {
  private let handle: OpaquePointer
  /// C keeps a pointer to it until `sf_close`.
  private let file: MemoryFile
  let format: SoundFormat
  let sampleRateHz: Int
  let channels: Int
  /// What the header claims; 0 when unknown or absurd.
  let claimedFrames: Int64

  /// C: `sf_open_virtual`. `headerless` names the coding of files that carry no header, in one channel
  /// of `rateHz`.
  init(_ bytes: [UInt8], headerless: SoundFormat? = nil, rateHz: Int32 = 8000)
    throws(StepFailure)
  {
    var info = SF_INFO()
    if let headerless {
      info.format = headerless.code
      info.samplerate = rateHz
      info.channels = 1
    }
    let file = MemoryFile(bytes)
    var io = memoryFileIO()
    // The reference is not retained: `file` below outlives the handle.
    let context = unsafe Unmanaged.passUnretained(file).toOpaque()
    guard let handle = unsafe sf_open_virtual(&io, Int32(SFM_READ), &info, context) else {
      let why = unsafe SoundFile.sentence(of: nil)
      throw .permanent("not a recording we can read: \(why)")
    }
    do throws(StepFailure) {
      try SoundFile.check(info)
    } catch {
      withExtendedLifetime(file) { _ = unsafe sf_close(handle) }
      throw error
    }
    unsafe self.handle = handle
    self.file = file
    self.format = SoundFormat(code: info.format)
    self.sampleRateHz = Int(info.samplerate)
    self.channels = Int(info.channels)
    self.claimedFrames = info.frames > 0 && info.frames < 1 << 40 ? info.frames : 0
  }

  deinit {
    _ = unsafe sf_close(handle)
  }

  /// Interleaved samples, about -1 to 1 (a float file may hold anything); the number of frames
  /// read, 0 at the end or where the file breaks off. C: `sf_readf_float`.
  func read(into block: inout [Float]) -> Int {
    let frames = block.count / channels
    return unsafe block.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      let count = unsafe sf_readf_float(handle, base, sf_count_t(frames))
      return max(0, min(frames, Int(count)))
    }
  }

  /// libsndfile's sentence about the last error, on one line and not longer than a line.
  var lastError: String { unsafe SoundFile.sentence(of: handle) }

  private static func check(_ info: SF_INFO) throws(StepFailure) {
    guard (1...384_000).contains(info.samplerate) else {
      throw .permanent(
        "a recording with \(info.samplerate) samples per second; we read 1 to 384000")
    }
    guard (1...8).contains(info.channels) else {
      throw .permanent("a recording with \(info.channels) channels; we read 1 to 8")
    }
  }

  /// C: `sf_strerror`; without a handle it speaks of the last failed open of the process.
  private static func sentence(of handle: OpaquePointer?) -> String {
    guard let text = unsafe sf_strerror(handle) else { return "unknown error" }
    var line = ""
    for character in unsafe String(cString: text).prefix(160) {
      line.append(character.isNewline ? " " : character)
    }
    while line.last == " " || line.last == "." { line.removeLast() }
    return line
  }
}
