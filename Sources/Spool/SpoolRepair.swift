internal import Glibc

/// Puts a new file in a damaged one's place, so that a crash or a full disk at any step costs nothing.
///
/// What can be read goes into `spool.sqlite.new`. When that is whole and on disk it is renamed to
/// `spool.sqlite.salvaged`: until then the damaged file is the spool, from then on that one is. `finish` moves the
/// damaged file and its log aside and the new one into place; cut short, it goes on at the next start.
struct SpoolRepair {
  let path: String
  private var copy: String { path + ".new" }
  private var salvaged: String { path + ".salvaged" }

  init(path: String) { self.path = path }

  /// A salvage is complete, and not in its place yet.
  var isPending: Bool { unsafe access(salvaged, F_OK) == 0 }

  struct Found {
    var saved: Int
    var lost: Int
    var notices: [SpoolNotice]
  }

  /// `undo`: changes that were told to have failed and may be in the damaged file.
  func salvage(undoing undo: [CommitQueue.Change]) throws(SpoolError) -> Found {
    try removeCopy()
    let found: Found
    do throws(SpoolError) {
      // Before SQLite makes it, for all to read.
      close(unsafe open(copy, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
      found = try fill(undo)
    } catch {
      // On a full disk it would take the room that the damaged file needs to be opened.
      try? removeCopy()
      throw error
    }
    // Closed in good order, the file has no log any more.
    guard unsafe access(copy + "-wal", F_OK) != 0 else {
      throw SpoolError("spool \(copy): its log could not be written back")
    }
    try sync(copy)
    guard unsafe rename(copy, salvaged) == 0 else { throw SpoolError.last(copy) }
    try sync(directory)
    Failpoint.pass("repair salvaged")
    return found
  }

  private func removeCopy() throws(SpoolError) {
    for name in [copy, copy + "-wal", copy + "-shm"] {
      guard unsafe unlink(name) == 0 || errno == ENOENT else { throw SpoolError.last(name) }
    }
  }

  private func fill(_ undo: [CommitQueue.Change]) throws(SpoolError) -> Found {
    let new = try Connection(path: copy)
    try Schema.current.prepare(new)
    var notices: [SpoolNotice] = []
    let (saved, lost) = try Salvage(
      from: path, into: new, nowMS: Int64(time(nil)) * 1_000
    ) { notices.append($0) }.run()
    Failpoint.pass("repair read")
    try new.run("BEGIN IMMEDIATE")
    for change in undo { try change(new) }
    try new.run("COMMIT")
    try new.run("PRAGMA wal_checkpoint(TRUNCATE)")
    return Found(saved: saved, lost: lost, notices: notices)
  }

  /// The damaged file's new name.
  func finish() throws(SpoolError) -> String {
    let aside = try freeName()
    guard unsafe unlink(path + "-shm") == 0 || errno == ENOENT else {
      throw SpoolError.last(path + "-shm")
    }
    // The log first: beside the new file it would be taken for that one's. There may be none.
    for part in ["-wal", ""] {
      guard unsafe rename(path + part, aside + part) == 0 || errno == ENOENT else {
        throw SpoolError.last(path + part)
      }
      Failpoint.pass("repair aside")
    }
    guard unsafe rename(salvaged, path) == 0 else { throw SpoolError.last(salvaged) }
    try sync(directory)
    return aside
  }

  /// Made of the time of the salvage, so that a second try gives a file the name that its log has.
  private func freeName() throws(SpoolError) -> String {
    var facts = stat()
    guard unsafe stat(salvaged, &facts) == 0 else { throw SpoolError.last(salvaged) }
    let name = "\(path).damaged-\(facts.st_mtim.tv_sec)"
    var (last, candidate, number) = (name, name, 1)
    while unsafe access(candidate, F_OK) == 0 {
      number += 1
      (last, candidate) = (candidate, "\(name)-\(number)")
    }
    // It has its name already, when the last try was cut short behind that.
    return unsafe access(path, F_OK) == 0 ? candidate : last
  }

  private var directory: String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }
}

/// Puts a file, or a directory's names, on disk. C: `fsync`
func sync(_ path: String) throws(SpoolError) {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw SpoolError.last(path) }
  let failure = fsync(descriptor) == 0 ? nil : SpoolError.last(path)
  close(descriptor)
  if let failure { throw failure }
}

extension SpoolError {
  /// What the system said last. C: `errno`
  static func last(_ path: String) -> SpoolError {
    let code: Int32 =
      switch errno {
      case ENOSPC, EDQUOT: full
      default: 0
      }
    return SpoolError(code: code, "spool \(path): \(unsafe String(cString: strerror(errno)))")
  }
}
