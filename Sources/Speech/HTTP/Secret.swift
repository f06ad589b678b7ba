internal import Glibc
internal import Voicemail

/// A key as its file has it. Goes into requests, and into nothing that is logged.
struct Secret {
  /// Without spaces and line ends around it.
  let text: String

  private static let limitBytes = 64 << 10

  /// Reads the file; a name without a slash is one of systemd's credentials (systemd.exec(5)).
  init(file: String) throws(EngineFailure) {
    let path = try Self.path(of: file)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw .administrator("key_file \(path): \(unsafe String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while bytes.count <= Self.limitBytes {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw .administrator("key_file \(path): \(unsafe String(cString: strerror(errno)))")
      }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    guard bytes.count <= Self.limitBytes else {
      throw .administrator("key_file \(path): is larger than 64 KB")
    }
    try self.init(String(decoding: bytes, as: UTF8.self), from: path)
  }

  private init(_ content: String, from path: String) throws(EngineFailure) {
    let isSpace = { (byte: UInt8) in byte <= 32 }
    let inner = content.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    text = String(decoding: Array(inner), as: UTF8.self)
    guard !text.isEmpty else { throw .administrator("key_file \(path): is empty") }
  }

  /// Where root finds what the service has, for commands that are typed.
  private static let folderOfService = "/run/credentials/voicemail-milter.service"

  private static func path(of file: String) throws(EngineFailure) -> String {
    guard !file.contains("/") else { return file }
    if let folder = unsafe getenv("CREDENTIALS_DIRECTORY") {
      return unsafe String(cString: folder) + "/" + file
    }
    let path = folderOfService + "/" + file
    guard unsafe access(path, F_OK) == 0 else {
      throw .administrator(
        "key_file \(file): no such credential; give a path, or LoadCredential=\(file):PATH in the unit"
      )
    }
    return path
  }

  /// What a server said, fit for a log: one short line, printable, with what looks like the key taken out.
  static func clean(_ message: String, _ secrets: [String]) -> String {
    let printable = String(
      String.UnicodeScalarView(
        message.unicodeScalars.prefix(2_000).map { scalar in
          scalar.properties.generalCategory == .control || scalar.properties.isWhitespace
            ? " " : scalar
        }))
    let words = printable.split(separator: " ").map { word in
      secrets.contains { shares(String(word), $0) } ? "[key]" : String(word)
    }
    let line = words.joined(separator: " ")
    return line.count > 200 ? line.prefix(200) + "..." : line
  }

  /// Whether six characters of the key stand in the word in a row.
  private static func shares(_ word: String, _ secret: String) -> Bool {
    let (word, secret) = (Array(word.utf8), Array(secret.utf8))
    let length = 6
    guard word.count >= length, secret.count >= length else { return false }
    let pieces = Set((0...secret.count - length).map { Array(secret[$0..<$0 + length]) })
    return (0...word.count - length).contains { pieces.contains(Array(word[$0..<$0 + length])) }
  }
}
