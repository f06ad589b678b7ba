internal import Glibc
internal import Synchronization
internal import Voicemail

/// What each worker does at this moment, for `status`.
struct WorkerStatus: Codable, Sendable, Equatable {
  enum Doing: String, Codable, Sendable {
    case starting, idle, working, stopped
  }
  var number: Int
  var pid: Int32?
  var doing: Doing
  /// Of the message at work.
  var id: String?
  var stage: WorkStage?
  var sinceMS: Int64
}

final class WorkerBoard: Sendable {
  private let entries: Mutex<[WorkerStatus]>

  init(workers: Int, nowMS: Int64) {
    entries = Mutex(
      (1...max(workers, 1)).map { WorkerStatus(number: $0, doing: .starting, sinceMS: nowMS) })
  }

  var workers: [WorkerStatus] { entries.withLock { $0 } }

  func update(_ number: Int, _ change: (inout WorkerStatus) -> Void) {
    entries.withLock { entries in
      change(&entries[number - 1])
      entries[number - 1].sinceMS = Clock.nowMS()
    }
  }

  /// Ends what the workers are doing; their slots see the closed sockets and stop.
  func killWorkers() {
    for worker in workers {
      if let pid = worker.pid { kill(pid, SIGKILL) }
    }
  }
}
