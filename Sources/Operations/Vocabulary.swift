/// A file with names and words that may be said: one a line; what follows a # is a comment.
package enum Vocabulary {
  /// Engines take a few hundred words at most.
  private static let limit = 500

  /// The first 500, each cut after 100 characters.
  package static func read(_ path: String) throws(FileError) -> [String] {
    let text = String(decoding: try readFile(path, limitBytes: 1 << 20), as: UTF8.self)
    let lines = text.split { $0.isNewline }.map { line in
      SettingsFile.shown(String(line.prefix { $0 != "#" })).trimmingSpaces.prefix(100)
    }
    return Array(lines.filter { !$0.isEmpty }.prefix(limit).map(String.init))
  }
}
