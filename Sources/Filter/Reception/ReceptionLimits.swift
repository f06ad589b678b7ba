internal import Dispatch
internal import Operations
internal import Synchronization

/// What all sessions together may take of the daemon's memory; shared by them.
///
/// Peak: `max_concurrent_bodies` times what a body may hold before it goes to a file
/// (`CollectedBody.memoryLimitBytes`), `heldBytes` for larger ones that need no file, and `largeBytes` for those that
/// are at their end.
final class ReceptionLimits: Sendable {
  /// Of bodies that are held in memory while they come.
  private static let heldBytes = 12 << 20
  /// What is free is kept that long for the next voicemails: fresh memory costs a fault for each page.
  private static let quietSpan = DispatchTimeInterval.seconds(1)
  /// Larger bodies read back into memory at one moment; one that alone is larger goes alone.
  private static let largeBytes = 24 << 20
  /// The MTA's client waits meanwhile.
  private static let patience = DispatchTimeInterval.seconds(20)

  private struct Waiting {
    var number: Int
    var bytes: Int
    let turn = DispatchSemaphore(value: 0)
  }
  private struct State {
    var bodies = 0
    var held = 0
    var willReturnMemory = false
    var free = ReceptionLimits.largeBytes
    var waiting: [Waiting] = []
    var lastNumber = 0
  }
  private let state = Mutex(State())

  /// The right to read one body, until it is given up.
  final class BodyPlace: Sendable {
    private let limits: ReceptionLimits
    fileprivate init(_ limits: ReceptionLimits) { self.limits = limits }
    deinit { limits.state.withLock { $0.bodies -= 1 } }
  }

  /// Memory for one body while it comes, until it is given up.
  final class Room {
    private let limits: ReceptionLimits
    private(set) var bytes = 0

    fileprivate init(_ limits: ReceptionLimits) { self.limits = limits }
    deinit { limits.takeBack(bytes) }

    /// False when the others have it all; what there is remains.
    func grow(to bytes: Int) -> Bool {
      let isFree = limits.state.withLock { state in
        guard state.held - self.bytes + bytes <= ReceptionLimits.heldBytes else { return false }
        state.held += bytes - self.bytes
        return true
      }
      if isFree { self.bytes = bytes }
      return isFree
    }
  }

  func room() -> Room { Room(self) }

  private func takeBack(_ bytes: Int) {
    let isFirst = state.withLock { state in
      state.held -= bytes
      defer { state.willReturnMemory = true }
      return !state.willReturnMemory
    }
    guard isFirst else { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.quietSpan) {
      self.state.withLock { $0.willReturnMemory = false }
      returnFreeMemory()
    }
  }

  /// nil when that many bodies are being read already.
  func placeForBody(limit: Int) -> BodyPlace? {
    let isFree = state.withLock { state in
      guard state.bodies < limit else { return false }
      state.bodies += 1
      return true
    }
    return isFree ? BodyPlace(self) : nil
  }

  /// Runs the work when there is memory for a message of that size; nil when there was none in time.
  func withRoom<T>(for bytes: Int, _ work: () -> T) -> T? {
    guard bytes > CollectedBody.memoryLimitBytes else { return work() }
    let needed = min(bytes, Self.largeBytes)
    guard take(needed) else { return nil }
    defer {
      state.withLock { state in
        state.free += needed
        Self.admit(&state)
      }
    }
    return work()
  }

  private func take(_ bytes: Int) -> Bool {
    let place = state.withLock { state in
      state.lastNumber += 1
      let place = Waiting(number: state.lastNumber, bytes: bytes)
      state.waiting.append(place)
      Self.admit(&state)
      return place
    }
    if place.turn.wait(timeout: .now() + Self.patience) == .success { return true }
    return state.withLock { state in
      // Admitted in the last moment?
      guard let index = state.waiting.firstIndex(where: { $0.number == place.number }) else {
        return true
      }
      state.waiting.remove(at: index)
      Self.admit(&state)
      return false
    }
  }

  /// In the order of arrival, so that a large one is not overtaken for ever.
  private static func admit(_ state: inout State) {
    while let first = state.waiting.first, first.bytes <= state.free {
      state.free -= first.bytes
      state.waiting.removeFirst()
      first.turn.signal()
    }
  }
}
