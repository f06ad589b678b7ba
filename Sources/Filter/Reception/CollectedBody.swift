internal import Glibc
internal import MilterBridge
internal import Voicemail

/// A message while it comes in: in memory while it is small or there is room, else in a file without a name.
///
/// The file lies in the state directory, which only the daemon's user can enter, and is gone with the
/// value or the process.
final class CollectedBody {
  /// What each may have in memory without asking: 256 KB is two and a half minutes of GSM.
  static let memoryLimitBytes = 256 << 10
  /// Larger ones go to a file whatever room there is: 4 MB is three minutes of 16-bit PCM.
  private static let largestInMemory = 4 << 20
  private static let pieceBytes = 64 << 10

  private let directory: String
  private let limits: ReceptionLimits
  /// Bytes that came, kept or not; with what it began with.
  private(set) var count: Int
  private var memory: [UInt8]
  private var room: ReceptionLimits.Room?
  private var file: Int32 = -1
  /// In the file and readable.
  private var fileBytes = 0
  /// What went wrong first, in words; what came from then on is missing.
  private(set) var trouble: String?

  /// `start`: what comes before the body, as its header section. `directory`: where the file may lie.
  init(start: [UInt8] = [], directory: String, limits: ReceptionLimits) {
    (self.directory, self.limits) = (directory, limits)
    (memory, count) = (start, start.count)
  }

  deinit {
    if file >= 0 { close(file) }
  }

  /// False when the chunk could not be kept; what came before it is there still.
  @discardableResult
  func append(_ chunk: RawSpan) -> Bool {
    count += chunk.byteCount
    guard trouble == nil else { return false }
    if file < 0, hasRoom(for: memory.count + chunk.byteCount) {
      memory.append(copying: chunk)
      return true
    }
    if file < 0 {
      file = Self.namelessFile(in: directory)
      guard file >= 0 else { return fail("cannot make a file in \(directory)") }
      guard unsafe write(memory.span.bytes) else { return false }
      (memory, room) = ([], nil)
    }
    return write(chunk)
  }

  private func hasRoom(for bytes: Int) -> Bool {
    guard bytes > Self.memoryLimitBytes, bytes > room?.bytes ?? 0 else { return true }
    guard bytes <= Self.largestInMemory else { return false }
    let room = room ?? limits.room()
    self.room = room
    // Twice as much: as the array grows.
    return room.grow(to: max(bytes, min(2 * room.bytes, Self.largestInMemory)))
  }

  /// All of it, in one piece.
  func content() throws(StepFailure) -> [UInt8] {
    if let trouble { throw .transient(trouble) }
    guard file >= 0 else { return memory }
    var start = 0
    let content = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      while start < count {
        let got = unsafe pread(
          file, buffer.baseAddress?.advanced(by: start), count - start, off_t(start))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { break }
        start += got
      }
      used = start
    }
    guard content.count == count else { throw .transient("its body could not be read back") }
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
