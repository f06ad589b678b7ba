internal import Glibc
internal import MilterBridge
internal import Voicemail

/// A body while it comes in: a small one in memory, a larger one in a file without a name.
///
/// The file lies in the state directory, which only the daemon's user can enter, and is gone with the
/// value or the process.
final class CollectedBody {
  /// Most voicemails stay below: 256 KB is two and a half minutes of GSM.
  static let memoryLimitBytes = 256 << 10
  private static let pieceBytes = 64 << 10

  private let directory: String
  /// Bytes that came, kept or not.
  private(set) var count = 0
  private var memory: [UInt8] = []
  private var file: Int32 = -1
  /// In the file and readable.
  private var fileBytes = 0
  /// What went wrong first, in words; what came from then on is missing.
  private(set) var trouble: String?

  init(directory: String) { self.directory = directory }

  deinit {
    if file >= 0 { close(file) }
  }

  /// False when the chunk could not be kept; what came before it is there still.
  @discardableResult
  func append(_ chunk: RawSpan) -> Bool {
    count += chunk.byteCount
    guard trouble == nil else { return false }
    guard file >= 0 || memory.count + chunk.byteCount > Self.memoryLimitBytes else {
      memory.append(copying: chunk)
      return true
    }
    if file < 0 {
      file = Self.namelessFile(in: directory)
      guard file >= 0 else { return fail("cannot make a file in \(directory)") }
      guard unsafe write(memory.span.bytes) else { return false }
      memory = []
    }
    return write(chunk)
  }

  /// The whole body behind that header section, in one piece.
  func content(after headers: [UInt8]) throws(StepFailure) -> [UInt8] {
    if let trouble { throw .transient(trouble) }
    guard file >= 0 else { return headers + memory }
    let total = headers.count + count
    var start = headers.count
    let content = unsafe [UInt8](unsafeUninitializedCapacity: total) { buffer, used in
      _ = unsafe buffer.initialize(from: headers)
      while start < total {
        let got = unsafe pread(
          file, buffer.baseAddress?.advanced(by: start), total - start, off_t(start - headers.count)
        )
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { break }
        start += got
      }
      used = start
    }
    guard content.count == total else { throw .transient("its body could not be read back") }
    return content
  }

  /// What has been kept, piece by piece.
  func forEachPiece(_ use: ([UInt8]) -> Void) throws(StepFailure) {
    // Before the file holds all of it, the memory does.
    guard memory.isEmpty else { return use(memory) }
    var start = 0
    while start < fileBytes {
      let wanted = min(Self.pieceBytes, fileBytes - start)
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, used in
        let got = unsafe pread(file, buffer.baseAddress, wanted, off_t(start))
        used = max(got, 0)
      }
      guard !piece.isEmpty else { throw .transient("its body could not be read back") }
      start += piece.count
      use(piece)
    }
  }

  private func write(_ bytes: RawSpan) -> Bool {
    var sent = 0
    while sent < bytes.byteCount {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe pwrite(
          file, buffer.baseAddress?.advanced(by: sent), buffer.count - sent, off_t(fileBytes + sent)
        )
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return fail("cannot write a file in \(directory)") }
      sent += count
    }
    fileBytes += sent
    return true
  }

  private func fail(_ attempt: String) -> Bool {
    trouble = "\(attempt): \(unsafe String(cString: strerror(errno)))"
    return false
  }

  /// C: `O_TMPFILE`; file systems without it get a file whose name is removed at once.
  private static func namelessFile(in directory: String) -> Int32 {
    // glibc's macro is no constant to Swift: __O_TMPFILE | O_DIRECTORY (bits/fcntl-linux.h).
    let temporary: Int32 = 0o20000000 | O_DIRECTORY
    let descriptor = unsafe open(directory, temporary | O_RDWR | O_CLOEXEC, 0o600)
    if descriptor >= 0 { return descriptor }
    // Not mkstemp(3), which cannot make it close-on-exec: workers are started meanwhile.
    let path = directory + "/body-\(UInt64.random(in: .min ... .max))"
    let named = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if named >= 0 { unsafe unlink(path) }
    return named
  }
}
