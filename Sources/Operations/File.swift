internal import Glibc

/// Why a file could not be read or written: path and the system's words.
package struct FileError: Error, Sendable {
  /// errno
  package var code: Int32
  package var sentence: String

  init(_ path: String, _ code: Int32) {
    self.code = code
    sentence = "\(path): \(unsafe String(cString: strerror(code)))"
  }

  init(_ path: String, words: String) {
    code = 0
    sentence = "\(path): \(words)"
  }
}

/// The whole content of a file, at most that many bytes.
package func readFile(_ path: String, limitBytes: Int) throws(FileError) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileError(path, errno) }
  defer { close(descriptor) }
  var content: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(descriptor, &buffer, buffer.count)
    guard count >= 0 else {
      if errno == EINTR { continue }
      throw FileError(path, errno)
    }
    if count == 0 { return content }
    content += buffer[..<count]
    guard content.count <= limitBytes else {
      throw FileError(path, words: "is larger than \(limitBytes) bytes")
    }
  }
}

/// The secret in that file, made with random bytes at the first start; mode 0600.
package func secret(at path: String, bytes count: Int = 32) throws(FileError) -> [UInt8] {
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else {
    guard errno == EEXIST else { throw FileError(path, errno) }
    let found = try readFile(path, limitBytes: 4_096)
    guard found.count >= count else {
      throw FileError(path, words: "holds \(found.count) bytes, a secret has \(count); remove it")
    }
    return found
  }
  defer { close(descriptor) }
  var random = SystemRandomNumberGenerator()
  let fresh = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  let written = unsafe write(descriptor, fresh, fresh.count)
  guard written == fresh.count, fsync(descriptor) == 0 else {
    let code = errno
    unsafe unlink(path)
    throw FileError(path, code)
  }
  return fresh
}
