internal import Glibc

/// Another program's answer, as a shell would collect it. For commands that are quick: there is no time limit.
struct ShellCommand {
  /// What it wrote to both outputs.
  private(set) var output: String
  /// Its exit status; 127 when there is no such program.
  private(set) var status: Int32

  /// Runs it to its end. C: popen(3)
  init(_ words: [String]) { self.init(line: Self.line(words)) }

  /// A line for sh(1).
  init(line: String) {
    output = ""
    status = 127
    guard let stream = unsafe popen("LC_ALL=C; export LC_ALL; { \(line); } 2>&1 </dev/null", "re")
    else { return }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&buffer, 1, buffer.count, stream)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    let code = unsafe pclose(stream)
    output = String(decoding: bytes, as: UTF8.self)
    // The status word as wait(2) defines it.
    status = code & 0x7F == 0 ? code >> 8 & 0xFF : 128 + code & 0x7F
  }

  var lines: [Substring] { output.split(separator: "\n") }
  /// The last thing it said, for complaints.
  var lastLine: String { lines.last.map(String.init) ?? "exit status \(status)" }

  /// Quoted where sh(1) needs it, so that what is shown can be pasted.
  static func line(_ words: [String]) -> String {
    words.map { word in
      let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
          (48...57).contains(byte) || (97...122).contains(byte | 0x20)
            || "-_./:=@%+,[]".utf8.contains(byte)
        }
      return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }
}
