internal import CSoxr
internal import Voicemail

/// Mono samples to 16 kHz, piece by piece: the one owner of a soxr handle.
@safe struct SampleRateConverter: ~Copyable {
  private let handle: soxr_t?
  private let ratio: Double

  /// C: `soxr_create`, very high quality; nothing is converted when the rate is right already.
  init(fromHz rate: Int) throws(StepFailure) {
    ratio = Double(Recording.sampleRateHz) / Double(rate)
    guard rate != Recording.sampleRateHz else {
      unsafe handle = nil
      return
    }
    var failure: soxr_error_t?
    var quality = unsafe soxr_quality_spec(UInt(SOXR_VHQ), 0)
    let created = unsafe soxr_create(
      Double(rate), Double(Recording.sampleRateHz), 1, &failure, nil, &quality, nil)
    guard let created = unsafe created else {
      let why = unsafe failure.map { unsafe String(cString: $0) } ?? "unknown error"
      throw .permanent("cannot convert \(rate) samples per second to 16000: \(why)")
    }
    unsafe handle = created
  }

  deinit {
    unsafe soxr_delete(handle)
  }

  /// Converts a piece and gives what is ready to `take`, which says whether it wants more.
  func convert(_ samples: ArraySlice<Float>, take: (ArraySlice<Float>) -> Bool)
    throws(StepFailure)
  {
    guard unsafe handle != nil else {
      _ = take(samples)
      return
    }
    var rest = samples
    var output = [Float](repeating: 0, count: 8192)
    while true {
      let (used, made) = try step(rest, &output)
      rest = rest.dropFirst(used)
      guard made > 0 || used > 0, take(output[..<made]) else { return }
      if rest.isEmpty && made < output.count { return }
    }
  }

  /// What the filter still holds after the last piece.
  func finish(take: (ArraySlice<Float>) -> Bool) throws(StepFailure) {
    guard unsafe handle != nil else { return }
    var output = [Float](repeating: 0, count: 8192)
    while true {
      let (_, made) = try step(nil, &output)
      guard made > 0, take(output[..<made]) else { return }
    }
  }

  /// C: `soxr_process`; no input tells it that the recording ends.
  private func step(_ input: ArraySlice<Float>?, _ output: inout [Float]) throws(StepFailure)
    -> (used: Int, made: Int)
  {
    var used = 0
    var made = 0
    let failure = unsafe output.withUnsafeMutableBufferPointer { target in
      if let input {
        unsafe input.withUnsafeBufferPointer { source in
          unsafe soxr_process(
            handle, source.baseAddress, source.count, &used, target.baseAddress, target.count,
            &made)
        }
      } else {
        unsafe soxr_process(handle, nil, 0, nil, target.baseAddress, target.count, &made)
      }
    }
    if let failure = unsafe failure {
      throw .permanent("cannot convert the sampling rate: \(unsafe String(cString: failure))")
    }
    return (used, made)
  }
}
