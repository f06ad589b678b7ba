internal import CSndFile

/// Bytes that libsndfile reads as if they were a file.
///
/// A class, since C keeps a pointer to it; whoever opens it keeps it alive until `sf_close`.
final class MemoryFile {
  private let bytes: [UInt8]
  private var position: Int64 = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var length: Int64 { Int64(bytes.count) }
  var tell: Int64 { position }

  /// The new position, or -1 as `lseek` says it. Offsets come from headers: any number may arrive.
  func seek(by offset: Int64, from whence: Int32) -> Int64 {
    let base: Int64
    switch Int(whence) {
    case SF_SEEK_SET: base = 0
    case SF_SEEK_CUR: base = position
    case SF_SEEK_END: base = length
    default: return -1
    }
    let (target, overflow) = base.addingReportingOverflow(offset)
    guard !overflow, target >= 0 else { return -1 }
    position = target
    return target
  }

  /// Copies up to `count` bytes from the position on; 0 at and behind the end.
  func read(into target: UnsafeMutableRawPointer, count: Int64) -> Int64 {
    guard count > 0, position < length else { return 0 }
    let count = Int(min(count, length - position))
    let start = Int(position)
    unsafe bytes.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return }
      unsafe target.copyMemory(from: base + start, byteCount: count)
    }
    position += Int64(count)
    return Int64(count)
  }
}

/// The callbacks of C: `SF_VIRTUAL_IO`. The context is a `MemoryFile` that `SoundFile` owns;
/// each call only borrows it.
func memoryFileIO() -> SF_VIRTUAL_IO {
  unsafe SF_VIRTUAL_IO(
    get_filelen: memoryFileLength, seek: memoryFileSeek, read: memoryFileRead,
    write: memoryFileWrite, tell: memoryFileTell)
}

private func memoryFile(_ context: UnsafeMutableRawPointer?) -> MemoryFile? {
  guard let context = unsafe context else { return nil }
  return unsafe Unmanaged<MemoryFile>.fromOpaque(context).takeUnretainedValue()
}

private func memoryFileLength(_ context: UnsafeMutableRawPointer?) -> sf_count_t {
  unsafe memoryFile(context)?.length ?? -1
}

private func memoryFileSeek(
  _ offset: sf_count_t, _ whence: Int32, _ context: UnsafeMutableRawPointer?
) -> sf_count_t {
  unsafe memoryFile(context)?.seek(by: offset, from: whence) ?? -1
}

private func memoryFileRead(
  _ target: UnsafeMutableRawPointer?, _ count: sf_count_t, _ context: UnsafeMutableRawPointer?
) -> sf_count_t {
  guard let target = unsafe target else { return 0 }
  return unsafe memoryFile(context)?.read(into: target, count: count) ?? 0
}

/// Recordings are opened for reading alone; libsndfile never comes here.
private func memoryFileWrite(
  _ source: UnsafeRawPointer?, _ count: sf_count_t, _ context: UnsafeMutableRawPointer?
) -> sf_count_t { 0 }

private func memoryFileTell(_ context: UnsafeMutableRawPointer?) -> sf_count_t {
  unsafe memoryFile(context)?.tell ?? -1
}
