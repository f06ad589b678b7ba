import Foundation

/// A real OpenDKIM with the shipped settings, where a Postfix of postfix-examples/opendkim looks for it.
package final class PrivateOpenDKIM: Sendable {
  private let directory: TemporaryDirectory
  private let process: ChildProcess
  /// The TXT record of the key that it signs with.
  package let record: String

  /// `records` are the keys of other signers by the name they are published at: no DNS is asked.
  package init(for postfix: PrivatePostfix, records: [String: String] = [:]) throws {
    directory = try TemporaryDirectory()
    record = try DKIMKey.make(at: directory.file("mail.private"))
    let keys = records.map { "\($0.key) \($0.value)\n" }.joined()
    try keys.write(toFile: directory.file("records"), atomically: true, encoding: .utf8)
    for name in ["opendkim.conf", "KeyTable", "SigningTable"] {
      try Self.adapt(name, in: directory, for: postfix)
    }
    let socketDirectory = postfix.directory.file("spool/opendkim")
    try ChildProcess.run(
      "/usr/bin/install", "-d", "-m", "2750", "-o", "opendkim", "-g", "postfix", socketDirectory)
    try ChildProcess.run("/bin/chown", "-R", "opendkim", directory.path)
    let watch = FileWatch(socketDirectory)
    process = try ChildProcess(
      "/usr/sbin/opendkim", ["-f", "-x", directory.file("opendkim.conf")])
    let isListening = watch?.wait(seconds: 20) {
      FileManager.default.fileExists(atPath: socketDirectory + "/opendkim.sock")
    }
    guard isListening == true else { throw ChildProcess.Failure(description: process.errors) }
  }

  private static func adapt(
    _ name: String, in directory: TemporaryDirectory, for postfix: PrivatePostfix
  ) throws {
    let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../postfix-examples/opendkim/\(name)")
    var text = try String(contentsOf: shipped, encoding: .utf8)
    for (path, here) in [
      ("/var/spool/postfix", postfix.directory.file("spool")), ("/run/opendkim", directory.path),
      ("/etc/opendkim", directory.path), ("/etc/dkimkeys", directory.path),
    ] {
      text = text.replacingOccurrences(of: path, with: here)
    }
    if name == "opendkim.conf" {
      // Below /tmp nothing is safe; and nobody's DNS is asked.
      text += "RequireSafeKeys no\nTestPublicKeys \(directory.file("records"))\n"
    }
    try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
  }
}
