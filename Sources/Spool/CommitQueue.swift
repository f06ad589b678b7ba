internal import Dispatch
internal import Synchronization

/// Group commit: whatever waits at one moment shares one transaction, and nobody is answered before it is on disk.
///
/// Callers block; they are libmilter's, delivery's and the control socket's threads. The connection is touched
/// on one serial queue only.
final class CommitQueue: Sendable {
  /// Runs inside a transaction.
  typealias Change = @Sendable (Connection) throws(SpoolError) -> Void

  private struct Waiting: Sendable {
    /// Keeps its own result or error.
    var body: Change
    /// What takes it back, should it have happened after a failure was told.
    var undo: Change?
    /// Told how it ended, after the commit.
    var finish: @Sendable (SpoolError?) -> Void
  }

  private let waiting = Mutex<[Waiting]>([])
  let file: Mutex<SpoolFile>
  private let queue = DispatchQueue(label: "spool")

  init(_ file: sending SpoolFile) {
    self.file = Mutex(file)
  }

  /// Runs the body in a transaction and returns after its commit.
  ///
  /// `undo`: for a change whose failure is told to somebody who then acts on it. When the disk fails in the middle
  /// of a commit, the change may be there after all once the file is read anew.
  func perform<T: Sendable>(
    undo: Change? = nil, _ body: @escaping @Sendable (Connection) throws(SpoolError) -> T
  ) throws(SpoolError) -> T {
    let outcome = Outcome<T>()
    let entry = Waiting(
      body: { connection throws(SpoolError) in
        outcome.value.withLock { $0 = nil }
        let value = try body(connection)
        outcome.value.withLock { $0 = .success(value) }
      }, undo: undo,
      finish: { error in
        if let error { outcome.value.withLock { $0 = .failure(error) } }
        outcome.done.signal()
      })
    let isFirst = waiting.withLock { waiting in
      waiting.append(entry)
      return waiting.count == 1
    }
    // Who comes before that has begun is taken along.
    if isFirst { queue.async { self.drain() } }
    outcome.done.wait()
    guard let result = outcome.value.withLock({ $0 }) else {
      throw SpoolError("spool: a transaction ended without a result")
    }
    return try result.get()
  }

  /// How many wait for the next transaction.
  var depth: Int { waiting.withLock { $0.count } }
  var isIdle: Bool { depth == 0 }

  /// Runs that on the connection's queue as soon as what is before it is done.
  func whenFree(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

  /// Returns when nothing of the queue's own keeps the connection open any more.
  func settle() { queue.sync {} }

  private func drain() {
    let batch = waiting.withLock { waiting in
      let all = waiting
      waiting = []
      return all
    }
    guard !batch.isEmpty else { return }
    let errors = file.withLock { file in Self.perform(batch, in: file) }
    for (entry, error) in zip(batch, errors) { entry.finish(error) }
    file.withLock { writeBack($0, isIdle: isIdle) }
  }

  /// 4 MB, SQLite's own measure; and what the log may grow to while somebody always waits.
  private static let logPages = 1_000
  private static let mostLogPages = 4_000

  /// After another program was in the way of a cut: whoever commits meanwhile does not wait for it.
  private static let cutPauseMS = 5_000

  /// Brings the log's pages into the file, after the answers: nobody waits for it but those who come meanwhile.
  private func writeBack(_ file: SpoolFile, isIdle: Bool) {
    let mustCut = isIdle && file.hasErased && file.mayCut
    guard mustCut || file.pagesInLog > (isIdle ? Self.logPages : Self.mostLogPages),
      let connection = try? file.connected()
    else { return }
    do throws(SpoolError) {
      // secure_delete cleans the tables; the log keeps what they held until it is cut.
      let isBlocked = try connection.checkpoint(cutting: mustCut)
      file.noteWrittenBack()
      if mustCut, !isBlocked {
        connection.hasErased = false
        file.reserveLog()
      }
      guard mustCut, isBlocked else { return }
      file.nextCut = .now + .milliseconds(Self.cutPauseMS)
      // Perhaps nobody commits for an hour, and what was erased stands in the log.
      queue.asyncAfter(deadline: .now() + .milliseconds(Self.cutPauseMS + 100)) { [weak self] in
        guard let self else { return }
        self.file.withLock { self.writeBack($0, isIdle: self.isIdle) }
      }
    } catch {
      if error.isPoison || error.isDamage { file.distrust(error, undo: []) }
      file.noteNotWrittenBack(error)
    }
  }

  private static func perform(_ batch: [Waiting], in file: SpoolFile) -> [SpoolError?] {
    do throws(SpoolError) {
      let errors = commit(batch, on: try file.connected())
      if let fatal = errors.lazy.compactMap(\.self).first(where: { $0.isPoison || $0.isDamage }) {
        file.distrust(
          fatal, undo: zip(batch, errors).compactMap { $0.1 == nil ? nil : $0.0.undo })
      }
      return errors
    } catch {
      return batch.map { _ in error }
    }
  }

  /// One transaction; an entry that fails is undone alone, a commit for which there is no room is tried again one
  /// by one.
  ///
  /// For a savepoint SQLite copies every page that is changed after it, into a file when they are many. So the first
  /// try goes without; when an entry has failed half-way, all is undone and done again with one for each.
  private static func commit(
    _ batch: [Waiting], on connection: Connection, savingEach: Bool = false
  ) -> [SpoolError?] {
    var errors: [SpoolError?] = []
    do throws(SpoolError) {
      try connection.run("BEGIN IMMEDIATE")
      for entry in batch {
        if savingEach { try connection.run("SAVEPOINT entry") }
        let changes = connection.totalChanges
        do throws(SpoolError) {
          try entry.body(connection)
          errors.append(nil)
        } catch {
          if error.isPoison || error.isDamage { throw error }
          errors.append(error)
          // On a full disk SQLite rolls the whole transaction back by itself: nothing to go back to.
          guard connection.isInTransaction else { throw error }
          if savingEach {
            try connection.run("ROLLBACK TO entry")
          } else if connection.totalChanges != changes {
            try connection.run("ROLLBACK")
            return batch.count == 1 ? errors : commit(batch, on: connection, savingEach: true)
          }
        }
        if savingEach { try connection.run("RELEASE entry") }
      }
      Failpoint.pass("before commit")
      try connection.run("COMMIT")
      Failpoint.pass("after commit")
      return errors
    } catch {
      if connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
      // One that does not fit must not take the others with it.
      guard error.isFull, batch.count > 1 else { return batch.map { _ in error } }
      return batch.flatMap { commit([$0], on: connection) }
    }
  }
}

/// Where a caller waits for its transaction.
private final class Outcome<T: Sendable>: Sendable {
  let value = Mutex<Result<T, SpoolError>?>(nil)
  let done = DispatchSemaphore(value: 0)
}
