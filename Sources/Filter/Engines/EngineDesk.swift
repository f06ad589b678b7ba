internal import Dispatch
internal import Synchronization
internal import Voicemail

/// The daemon's book of engines: who is at work, which is out of order, what was spent. All workers ask here before
/// they ask an engine.
final class EngineDesk: Sendable {
  /// Whose message it is.
  struct Customer: Sendable {
    var id: String
    var client: String?
    var recipients: [String]
  }

  private struct Entry {
    var configuration: EngineConfiguration
    var breaker = CircuitBreaker()
    var budget = EngineBudget()
    var clients = SlidingWindow()
    var recipients = SlidingWindow()
    /// What each message at work has reserved, in seconds, and of which day.
    var running: [String: (seconds: Double, day: Int)] = [:]
    /// Why a worker could not set it up.
    var trouble: String?
    var answered = 0
    var failed = 0
    var last: (failure: String, atMS: Int64)?
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var order: [String] = []
    var waiting: [DispatchSemaphore] = []
    /// Engines that took a worker down with a message.
    var taboo: [String: Set<String>] = [:]
    var configured = 0
    var isStopped = false
  }

  private let state = Mutex(State())
  /// Writes what was spent, by engine and day, where it outlives the daemon.
  private let record: @Sendable (String, Int, Double) -> Void
  /// Milliseconds since 1970.
  private let clock: @Sendable () -> Int64

  init(
    record: @escaping @Sendable (String, Int, Double) -> Void,
    clock: @escaping @Sendable () -> Int64 = Clock.nowMS
  ) {
    self.record = record
    self.clock = clock
  }

  /// Which engines there are, from now on: breakers are closed again, as what was wrong may have been put right.
  /// `spent`: for those not known yet.
  func configure(_ engines: [EngineConfiguration], spent: [String: [Int: Double]]) {
    state.withLock { state in
      var entries: [String: Entry] = [:]
      for engine in engines {
        var entry = state.entries[engine.name] ?? Entry(configuration: engine)
        if state.entries[engine.name] == nil {
          entry.budget = EngineBudget(seconds: spent[engine.name] ?? [:])
        }
        // Else a worker that stays has told of it already.
        if entry.configuration != engine { entry.trouble = nil }
        entry.configuration = engine
        entry.breaker = CircuitBreaker()
        entries[engine.name] = entry
      }
      (state.entries, state.order) = (entries, engines.map(\.name))
      state.configured += 1
    }
    wakeAll()
  }

  /// How often the settings have been read: a worker with keys of another time is to be replaced.
  var configured: Int { state.withLock { $0.configured } }

  /// What a fresh worker says of an engine it has set up.
  func note(_ engine: String, trouble: String?) {
    state.withLock { $0.entries[engine]?.trouble = trouble }
  }

  /// Those of a chain that this message may still try; all of them when none is left.
  func chain(_ names: [String], for id: String) -> [String] {
    let taboo = state.withLock { $0.taboo[id] ?? [] }
    let left = names.filter { !taboo.contains($0) }
    return left.isEmpty ? names : left
  }

  /// The message has gone on.
  func forget(_ id: String) { _ = state.withLock { $0.taboo.removeValue(forKey: id) } }

  // MARK: - Asking

  /// Waits for a turn, up to the visit's limit or the end of the daemon.
  func enter(_ engine: String, _ visit: EngineVisit, _ customer: Customer) -> EnginePass {
    let end = DispatchTime.now() + visit.waitSeconds
    while true {
      let bell = DispatchSemaphore(value: 0)
      let now = clock()
      let (pass, reserved) = state.withLock { state -> (EnginePass?, Bool) in
        guard !state.isStopped else {
          return (.refused(why: "the daemon stops", canWait: true), false)
        }
        guard var entry = state.entries[engine] else {
          return (.refused(why: "it is not in the settings", canWait: false), false)
        }
        let limit = entry.configuration.concurrency
        if limit > 0, entry.running.count >= limit {
          state.waiting.append(bell)
          return (nil, false)
        }
        let refusal = Self.refusal(&entry, visit, customer, now)
        if refusal == nil {
          let day = EngineBudget.day(ofMS: now)
          entry.running[customer.id] = (visit.audioSeconds, day)
        }
        state.entries[engine] = entry
        return (refusal ?? .granted, refusal == nil && entry.configuration.isCounted)
      }
      if reserved { record(engine, EngineBudget.day(ofMS: now), visit.audioSeconds) }
      if let pass { return pass }
      let rang = bell.wait(timeout: end) == .success
      state.withLock { state in state.waiting.removeAll { $0 === bell } }
      if !rang { return .refused(why: "others were at it for too long", canWait: true) }
    }
  }

  /// How a refusal begins whose cause is in the log already.
  static let outOfOrder = "it is out of order"

  /// Nothing is counted unless the engine is asked.
  private static func refusal(
    _ entry: inout Entry, _ visit: EngineVisit, _ customer: Customer, _ now: Int64
  ) -> EnginePass? {
    let configuration = entry.configuration
    let day = EngineBudget.day(ofMS: now)
    if let why = entry.budget.refusal(
      visit.audioSeconds, day: day, perDay: configuration.minutesPerDay,
      perMonth: configuration.minutesPerMonth)
    {
      return .spent(why: why)
    }
    let (perClient, perRecipient) = (
      configuration.messagesPerClient, configuration.messagesPerRecipient
    )
    let recipients = customer.recipients.map { $0.lowercased() }
    if let client = customer.client,
      !entry.clients.hasRoom(for: customer.id, of: client, limit: perClient, nowMS: now)
    {
      return .spent(why: "more than messages_per_client = \(perClient) within an hour")
    }
    let isFull = recipients.contains {
      !entry.recipients.hasRoom(for: customer.id, of: $0, limit: perRecipient, nowMS: now)
    }
    if isFull {
      return .spent(why: "more than messages_per_recipient = \(perRecipient) within an hour")
    }
    // The last question, as it may make this one the probe.
    guard entry.breaker.mayAsk(nowMS: now) else {
      return .refused(
        why: "\(outOfOrder): \(entry.breaker.why)", canWait: !entry.breaker.needsAdministrator)
    }
    if let client = customer.client {
      entry.clients.count(customer.id, of: client, limit: perClient, nowMS: now)
    }
    for recipient in recipients {
      entry.recipients.count(customer.id, of: recipient, limit: perRecipient, nowMS: now)
    }
    entry.budget.add(visit.audioSeconds, day: day)
    return nil
  }

  // MARK: - Hearing

  /// What the end of a visit has changed, for those who are not there.
  enum News: Equatable {
    case none
    /// From now on it is not asked for a while.
    case rests(why: String)
    case needsAdministrator
    case isBack
  }

  /// How a visit ended.
  @discardableResult
  func leave(_ engine: String, _ end: EngineEnd, _ customer: Customer) -> News {
    let now = clock()
    typealias Refund = (seconds: Double, day: Int)
    let (refund, news) = state.withLock { state -> (Refund?, News) in
      guard var entry = state.entries[engine] else { return (nil, .none) }
      defer { state.entries[engine] = entry }
      let before = entry.breaker
      let reserved = entry.running.removeValue(forKey: customer.id)
      guard case .failed(let failure) = end else {
        entry.answered += 1
        entry.breaker.answered()
        return (nil, Self.news(before, entry.breaker))
      }
      entry.failed += 1
      entry.last = (failure.sentence, now)
      entry.breaker.failed(failure, nowMS: now)
      let news = Self.news(before, entry.breaker)
      guard var reserved else { return (nil, news) }
      // What was refused or not sent is not paid.
      if failure.mayBePaid { reserved.seconds -= max(0, failure.paidSeconds ?? reserved.seconds) }
      guard reserved.seconds > 0 else { return (nil, news) }
      entry.budget.add(-reserved.seconds, day: reserved.day)
      return (entry.configuration.isCounted ? reserved : nil, news)
    }
    if let refund { record(engine, refund.day, -refund.seconds) }
    wakeAll()
    return news
  }

  private static func news(_ before: CircuitBreaker, _ after: CircuitBreaker) -> News {
    if after.needsAdministrator { return before.needsAdministrator ? .none : .needsAdministrator }
    return switch (before.state == .closed, after.state == .closed) {
    case (true, false): .rests(why: after.why)
    case (false, true): .isBack
    default: .none
    }
  }

  /// The worker died, or had to be killed, while that engine had the recording: this message does not try it again.
  @discardableResult
  func lost(_ engine: String, _ customer: Customer, _ why: String) -> News {
    let now = clock()
    let news = state.withLock { state -> News in
      state.taboo[customer.id, default: []].insert(engine)
      // Only what waits or is at work is ever asked for again.
      if state.taboo.count > 10_000 { state.taboo = [customer.id: [engine]] }
      guard var entry = state.entries[engine] else { return .none }
      let before = entry.breaker
      entry.running[customer.id] = nil
      entry.failed += 1
      entry.last = (why, now)
      // The embedded engine is each worker's own: a recording that kills it says nothing of the next. But a probe
      // must end.
      if entry.configuration.kind != .pocketsphinx || before.state == .halfOpen {
        entry.breaker.failed(.retryable(why), nowMS: now)
      }
      state.entries[engine] = entry
      return Self.news(before, entry.breaker)
    }
    wakeAll()
    return news
  }

  /// Nobody waits any longer.
  func stop() {
    state.withLock { $0.isStopped = true }
    wakeAll()
  }

  private func wakeAll() {
    for bell in state.withLock({ $0.waiting }) { bell.signal() }
  }

  // MARK: - Telling

  var statuses: [EngineStatus] {
    let now = clock()
    return state.withLock { state in
      state.order.compactMap { state.entries[$0] }.map { Self.status($0, now) }
    }
  }

  private static func status(_ entry: Entry, _ now: Int64) -> EngineStatus {
    let configuration = entry.configuration
    let day = EngineBudget.day(ofMS: now)
    var status = EngineStatus(
      name: configuration.name, type: configuration.kind.rawValue, state: .ready, why: nil,
      untilMS: nil, running: entry.running.count, answered: entry.answered, failed: entry.failed,
      lastFailure: entry.last?.failure, lastFailureMS: entry.last?.atMS,
      minutesToday: entry.budget.spent(day: day) / 60,
      minutesThisMonth: entry.budget.spentInMonth(of: day) / 60,
      minutesPerDay: configuration.minutesPerDay, minutesPerMonth: configuration.minutesPerMonth,
      concurrency: configuration.concurrency)
    if let trouble = entry.trouble {
      (status.state, status.why) = (.unusable, trouble)
    } else if let why = entry.budget.refusal(
      1, day: day, perDay: configuration.minutesPerDay, perMonth: configuration.minutesPerMonth)
    {
      (status.state, status.why) = (.spent, why)
    } else {
      switch entry.breaker.state {
      case .closed: break
      case .halfOpen: (status.state, status.why) = (.probing, entry.breaker.why)
      case .open(let until):
        status.state = entry.breaker.needsAdministrator ? .unusable : .resting
        (status.why, status.untilMS) = (entry.breaker.why, until)
      }
    }
    return status
  }
}

extension EngineConfiguration {
  /// Whether what it is asked for is written down.
  var isCounted: Bool { kind.usesNetwork || minutesPerDay > 0 || minutesPerMonth > 0 }
}
