internal import Synchronization

/// How the MTA's listener answered lately, for `status`.
struct DeliveryStatus: Codable, Sendable, Equatable {
  var target: String
  var lastSuccessMS: Int64?
  var lastFailureMS: Int64?
  var lastFailure: String?
}

final class DeliveryBoard: Sendable {
  private let entry = Mutex(DeliveryStatus(target: ""))

  func status(target: String) -> DeliveryStatus {
    var status = entry.withLock { $0 }
    status.target = target
    return status
  }

  func succeeded() { entry.withLock { $0.lastSuccessMS = Clock.nowMS() } }

  /// It is there, though it did not take a message.
  func answered() { entry.withLock { ($0.lastFailureMS, $0.lastFailure) = (nil, nil) } }

  /// It could not be reached.
  func failed(_ why: String) {
    entry.withLock {
      $0.lastFailureMS = Clock.nowMS()
      $0.lastFailure = why
    }
  }
}
