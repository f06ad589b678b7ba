/// Why the spool could not do something: in words, with SQLite's own result code.
package struct SpoolError: Error, Sendable, Equatable {
  /// C: extended result code (sqlite.org/rescode.html); 0 when SQLite was not asked.
  package var code: Int32
  /// One line: what was attempted, with which file, what SQLite said.
  package var sentence: String

  /// Facts of ours that cannot be read back; the file may be whole.
  static let unreadable: Int32 = -1
  /// C: SQLITE_FULL; also for limits of ours.
  static let full: Int32 = 13

  /// What one message consists of cannot be read back.
  var isUnreadable: Bool { code == Self.unreadable }
  /// C: SQLITE_CORRUPT, SQLITE_NOTADB: the file itself is damaged.
  package var isDamage: Bool { code > 0 && [11, 26].contains(code & 0xff) }
  /// C: SQLITE_IOERR, SQLITE_CANTOPEN: what the connection believes of the file may be wrong from here on.
  var isPoison: Bool { code > 0 && [10, 14].contains(code & 0xff) }
  /// C: SQLITE_BUSY, SQLITE_LOCKED: another program has the file.
  package var isBusy: Bool { code > 0 && [5, 6].contains(code & 0xff) }
  /// No room on the disk, or a limit of the settings is reached.
  package var isFull: Bool { code > 0 && code & 0xff == Self.full }

  /// Of a damaged file: what is read there is lost, and others may not be. C: also SQLITE_ERROR (there is no such table),
  /// SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ.
  var isOfMessage: Bool {
    isUnreadable || isDamage || [266, 522].contains(code) || [1, 18, 19, 20].contains(code & 0xff)
  }

  package init(code: Int32 = 0, _ sentence: String) {
    self.code = code
    self.sentence = sentence
  }
}
