/// Why the spool could not do something: in words, with SQLite's own result code.
package struct SpoolError: Error, Sendable, Equatable {
  /// C: extended result code (sqlite.org/rescode.html); 0 when SQLite was not asked.
  package var code: Int32
  /// One line: what was attempted, with which file, what SQLite said.
  package var sentence: String

  /// C: SQLITE_CORRUPT; also for facts of ours that cannot be read back.
  static let corrupt: Int32 = 11
  var isDamage: Bool { code & 0xff == Self.corrupt }

  package init(code: Int32 = 0, _ sentence: String) {
    self.code = code
    self.sentence = sentence
  }
}
