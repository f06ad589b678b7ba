internal import Dispatch
internal import Synchronization

/// Group commit: whatever waits at one moment shares one transaction, and nobody is answered before it is on disk.
///
/// Callers block; they are libmilter's, delivery's and the control socket's threads. The connection is touched
/// on one serial queue only.
final class CommitQueue: Sendable {
  private struct Waiting: Sendable {
    /// Runs inside the transaction; keeps its own result or error.
    var body: @Sendable (Connection) throws(SpoolError) -> Void
    /// Told how it ended, after the commit.
    var finish: @Sendable (SpoolError?) -> Void
  }

  private let waiting = Mutex<[Waiting]>([])
  private let connection: Mutex<Connection>
  private let queue = DispatchQueue(label: "spool")

  init(_ connection: sending Connection) {
    self.connection = Mutex(connection)
  }

  /// Runs the body in a transaction and returns after its commit.
  func perform<T: Sendable>(_ body: @escaping @Sendable (Connection) throws(SpoolError) -> T)
    throws(SpoolError) -> T
  {
    let outcome = Outcome<T>()
    let entry = Waiting { connection throws(SpoolError) in
      outcome.value.withLock { $0 = nil }
      let value = try body(connection)
      outcome.value.withLock { $0 = .success(value) }
    } finish: { error in
      if let error { outcome.value.withLock { $0 = .failure(error) } }
      outcome.done.signal()
    }
    waiting.withLock { $0.append(entry) }
    queue.async { self.drain() }
    outcome.done.wait()
    guard let result = outcome.value.withLock({ $0 }) else {
      throw SpoolError("spool: a transaction ended without a result")
    }
    return try result.get()
  }

  /// How many wait for the next transaction.
  var depth: Int { waiting.withLock { $0.count } }
  private var isIdle: Bool { depth == 0 }

  /// Returns when nothing of the queue's own keeps the connection open any more.
  func settle() { queue.sync {} }

  private func drain() {
    let batch = waiting.withLock { waiting in
      let all = waiting
      waiting = []
      return all
    }
    guard !batch.isEmpty else { return }
    let errors = connection.withLock { connection in Self.commit(batch, on: connection) }
    for (entry, error) in zip(batch, errors) { entry.finish(error) }
    guard isIdle else { return }
    connection.withLock { connection in
      guard connection.hasErased else { return }
      // secure_delete cleans the tables; the log keeps what they held until it is cut.
      connection.hasErased = (try? connection.run("PRAGMA wal_checkpoint(TRUNCATE)")) == nil
    }
  }

  /// One transaction; an entry that fails is undone alone, a failed commit is tried again one by one.
  private static func commit(_ batch: [Waiting], on connection: Connection) -> [SpoolError?] {
    var errors: [SpoolError?] = []
    do throws(SpoolError) {
      try connection.run("BEGIN IMMEDIATE")
      for entry in batch {
        try connection.run("SAVEPOINT entry")
        do throws(SpoolError) {
          try entry.body(connection)
          errors.append(nil)
        } catch {
          errors.append(error)
          // On a full disk SQLite rolls the whole transaction back by itself: nothing to go back to.
          guard connection.isInTransaction else { throw error }
          try connection.run("ROLLBACK TO entry")
        }
        try connection.run("RELEASE entry")
      }
      try connection.run("COMMIT")
      return errors
    } catch {
      if connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
      // One that does not fit must not take the others with it.
      return batch.count > 1 ? batch.flatMap { commit([$0], on: connection) } : [error]
    }
  }
}

/// Where a caller waits for its transaction.
private final class Outcome<T: Sendable>: Sendable {
  let value = Mutex<Result<T, SpoolError>?>(nil)
  let done = DispatchSemaphore(value: 0)
}
