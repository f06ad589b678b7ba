internal import CSQLite
internal import Glibc

/// The spool's file below its directory, and what is done when it fails: opened anew after an error of the disk,
/// written again when somebody removed it, set aside when it is damaged.
///
/// Not Sendable: `CommitQueue` owns it together with its connection.
final class SpoolFile {
  let directory: String
  let path: String
  private let mayRepair: Bool
  private let notify: @Sendable (SpoolNotice) -> Void
  private var lock: SpoolLock
  private var connection: Connection?
  private var identity: (file: FileIdentity?, log: FileIdentity?)
  /// Why the connection is not to be trusted any more.
  private var poison: SpoolError?
  private var undo: [CommitQueue.Change] = []
  private var nextRestore = ContinuousClock.now
  private var nextRepair = ContinuousClock.now

  private static let lockPatience = Duration.seconds(2)
  /// Between two tries to write the file again.
  private static let restorePause = Duration.seconds(5)

  /// Opens the spool in that directory, which must exist. `mayRepair`: a daemon makes it when it is absent and
  /// replaces it when it is damaged, a command does neither.
  init(
    directory: String, mayRepair: Bool, notify: @escaping @Sendable (SpoolNotice) -> Void
  ) throws(SpoolError) {
    // Checked before stored: a throw after the last property is set would run deinit. And before the lock is made:
    // root's, it would keep the daemon out.
    let path = directory + "/spool.sqlite"
    let repair = SpoolRepair(path: path)
    guard unsafe mayRepair || repair.isPending || access(path, F_OK) == 0 else {
      throw SpoolError("there is no spool at \(path); is [daemon] state_directory right?")
    }
    let lock = try SpoolLock(
      path: directory + "/spool.lock", patience: mayRepair ? Self.lockPatience : .zero)
    self.directory = directory
    self.path = path
    self.mayRepair = mayRepair
    self.notify = notify
    self.lock = lock
    do throws(SpoolError) {
      if repair.isPending { notify(.repairFinished(path: try repair.finish())) }
      try open()
    } catch {
      guard mayRepair, error.isDamage else { throw error }
      try setAside(error)
    }
  }

  // The connection must be closed before the lock goes.
  deinit { connection = nil }

  /// Of the connection as it stands.
  var pagesInLog: Int { connection?.pagesInLog ?? 0 }
  var hasErased: Bool { connection?.hasErased ?? false }
  /// Before that nobody cuts the log.
  var nextCut = ContinuousClock.now
  var mayCut: Bool { ContinuousClock.now >= nextCut }
  private var isNotWrittenBack = false

  func noteWrittenBack() {
    connection?.noteWrittenBack()
    isNotWrittenBack = false
  }

  /// Told once, until it works again.
  func noteNotWrittenBack(_ error: SpoolError) {
    connection?.noteWrittenBack()
    if !isNotWrittenBack { notify(.notWrittenBack(why: error.sentence)) }
    isNotWrittenBack = true
  }

  /// The connection for the next transaction.
  func connected() throws(SpoolError) -> Connection {
    if poison?.isDamage ?? false, let poison, mayRepair { try setAside(poison) }
    if poison != nil || connection == nil { try reopen() }
    if let trouble = restoreIfRemoved() { connection?.noReception = trouble }
    guard let connection else { throw SpoolError("spool \(path): is not open") }
    return connection
  }

  /// After an error of the disk or the file nothing more is done with this connection. `undo`: changes that failed
  /// and may nevertheless come back when the file is read anew.
  func distrust(_ error: SpoolError, undo changes: [CommitQueue.Change]) {
    poison = error
    undo += changes
  }

  // MARK: - Room

  /// Keeps blocks of the disk for the log beyond its end: with them a message that is in the spool goes on while another
  /// program has filled the disk. As much as there is, up to what the log may grow to.
  ///
  /// SQLite locks the file and its index only, so that closing this descriptor takes no lock from it.
  func reserveLog() {
    guard mayRepair else { return }
    let log = unsafe Glibc.open(path + "-wal", O_WRONLY | O_CLOEXEC)
    guard log >= 0 else { return }
    defer { close(log) }
    var bytes = Self.mostReservedBytes
    // C: FALLOC_FL_KEEP_SIZE. A file system that cannot do this goes without.
    while bytes >= Self.leastReservedBytes, fallocate(log, 1, 0, off_t(bytes)) != 0, errno == ENOSPC
    {
      bytes /= 2
    }
  }

  private static let mostReservedBytes = 16 << 20
  private static let leastReservedBytes = 256 << 10

  // MARK: - Opening

  private func open() throws(SpoolError) {
    // Before SQLite does: it makes files for all to read, and its log takes the mode of this one.
    close(unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
    let fresh = try Connection(path: path)
    try Schema.current.prepare(fresh) { found in
      notify(.upgrading(from: found, to: Schema.current.version))
    }
    connection = fresh
    identity = (FileIdentity(path: path), FileIdentity(path: path + "-wal"))
    reserveLog()
  }

  private func reopen() throws(SpoolError) {
    connection = nil
    do throws(SpoolError) {
      try open()
      guard let connection else { return }
      // What was read from the log may never have reached the disk: on to it, or no success is told.
      try connection.run("PRAGMA wal_checkpoint(TRUNCATE)")
      if !undo.isEmpty {
        try connection.run("BEGIN IMMEDIATE")
        for change in undo { try change(connection) }
        try connection.run("COMMIT")
      }
    } catch {
      connection = nil
      if error.isDamage { poison = error }
      throw error
    }
    undo = []
    if let poison { notify(.reopened(why: poison.sentence)) }
    poison = nil
  }

  // MARK: - Removed

  /// Without its name the file would vanish with this process. Why it cannot be written again, if so.
  private func restoreIfRemoved() -> SpoolError? {
    let present = (file: FileIdentity(path: path), log: FileIdentity(path: path + "-wal"))
    if present.file != nil, present.file == identity.file, present.log == identity.log {
      return nil
    }
    let trouble = SpoolError("spool \(path): was removed while in use")
    guard ContinuousClock.now >= nextRestore else { return trouble }
    do throws(SpoolError) {
      try restore(hasFile: present.file == identity.file)
      notify(.restored(path: path))
      return nil
    } catch {
      nextRestore = .now + Self.restorePause
      return SpoolError(trouble.sentence + ", and cannot be written again: " + error.sentence)
    }
  }

  private func restore(hasFile: Bool) throws(SpoolError) {
    guard let open = connection else { return }
    if hasFile {
      // Its log alone is gone: the file gets what that held.
      try open.run("PRAGMA wal_checkpoint(TRUNCATE)")
    } else {
      unsafe mkdir(directory, 0o700)
      if !lock.isInPlace { lock = try SpoolLock(path: directory + "/spool.lock") }
      if unsafe access(path, F_OK) == 0 { try moveAside(to: "\(path).other-\(time(nil))") }
      let copy = path + ".new"
      unsafe unlink(copy)
      // VACUUM takes an empty file, and this one's mode.
      close(unsafe Glibc.open(copy, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
      try open.run("VACUUM INTO ?", .text(copy))
      try sync(copy)
      guard unsafe rename(copy, path) == 0 else { throw SpoolError.last(copy) }
      try sync(directory)
    }
    connection = nil
    try self.open()
  }

  // MARK: - Damaged

  /// A failure leaves the damaged file where it is: the next transaction tries again, at leisure.
  private func setAside(_ why: SpoolError) throws(SpoolError) {
    poison = why
    guard ContinuousClock.now >= nextRepair else { throw why }
    nextRepair = .now + Self.restorePause
    connection = nil
    let repair = SpoolRepair(path: path)
    do throws(SpoolError) {
      let found = repair.isPending ? nil : try repair.salvage(undoing: undo)
      undo = []
      let aside = try repair.finish()
      // From here on it is the new one that has to be opened.
      poison = nil
      nextRepair = .now
      if let found {
        notify(
          .setAside(path: aside, why: why.sentence, saved: found.saved, lost: found.lost))
        for notice in found.notices { notify(notice) }
      } else {
        notify(.repairFinished(path: aside))
      }
    } catch {
      throw SpoolError(
        code: error.code, why.sentence + ", and cannot be repaired: " + error.sentence)
    }
    try open()
  }

  private func moveAside(to aside: String) throws(SpoolError) {
    unsafe unlink(path + "-shm")
    guard unsafe rename(path, aside) == 0 else { throw SpoolError.last(path) }
    // Without a log there is nothing to keep of it.
    unsafe rename(path + "-wal", aside + "-wal")
  }

}
