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

  private func drain() {
    let batch = waiting.withLock { waiting in
      let all = waiting
      waiting = []
      return all
    }
    guard !batch.isEmpty else { return }
    let errors = connection.withLock { connection in Self.commit(batch, on: connection) }
    for (entry, error) in zip(batch, errors) { entry.finish(error) }
  }

  /// One transaction; an entry that fails is undone alone, a failed commit fails all.
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
          try connection.run("ROLLBACK TO entry")
        }
        try connection.run("RELEASE entry")
      }
      try connection.run("COMMIT")
      return errors
    } catch {
      // Fails when SQLite has rolled back by itself (disk full, I/O error): nothing is left to undo.
      _ = try? connection.run("ROLLBACK")
      return batch.map { _ in error }
    }
  }
}

/// Where a caller waits for its transaction.
private final class Outcome<T: Sendable>: Sendable {
  let value = Mutex<Result<T, SpoolError>?>(nil)
  let done = DispatchSemaphore(value: 0)
}
