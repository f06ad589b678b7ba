import Testing

@testable import Voicemail

@Suite struct Breakers {
  private let busy = EngineFailure.retryable("busy")

  @Test func `three failures in a row open it, one probe closes it`() {
    let breaker = TestedBreaker()
    for now in [Int64(0), 1, 2] {
      #expect(breaker.mayAsk(nowMS: now))
      breaker.failed(busy, nowMS: now)
    }
    #expect(breaker.state == .open(untilMS: 30_002))
    #expect(breaker.why == "busy")
    #expect(!breaker.mayAsk(nowMS: 30_001))
    #expect(breaker.mayAsk(nowMS: 30_002))
    #expect(breaker.state == .halfOpen)
    #expect(!breaker.mayAsk(nowMS: 30_003), "one probe, not two")
    breaker.answered()
    #expect(breaker.state == .closed)
    #expect(breaker.mayAsk(nowMS: 30_004))
  }

  @Test func `a failed probe doubles the pause, up to ten minutes`() {
    let breaker = TestedBreaker()
    var now: Int64 = 0
    for _ in 1...3 { breaker.failed(busy, nowMS: now) }
    var pauses: [Int64] = []
    for _ in 1...7 {
      guard case .open(let until) = breaker.state else { break }
      pauses.append((until - now) / 1_000)
      now = until
      #expect(breaker.mayAsk(nowMS: now))
      breaker.failed(busy, nowMS: now)
    }
    #expect(pauses == [30, 60, 120, 240, 480, 600, 600])
  }

  @Test
  func `an answer between failures starts the count anew; half of twenty opens it all the same`() {
    let breaker = TestedBreaker()
    for now in Int64(0)..<9 {
      breaker.failed(busy, nowMS: now)
      breaker.answered()
    }
    #expect(breaker.state == .closed)
    breaker.answered()
    breaker.failed(busy, nowMS: 99)
    #expect(breaker.state == .open(untilMS: 30_099))
  }

  @Test func `Retry-After wins where it is longer`() {
    let breaker = TestedBreaker()
    breaker.failed(.retryable("busy", afterSeconds: 120), nowMS: 0)
    #expect(breaker.state == .open(untilMS: 120_000))
    let other = TestedBreaker()
    other.failed(.retryable("busy", afterSeconds: 2), nowMS: 0)
    #expect(other.state == .closed)
  }

  @Test
  func `what the administrator must do keeps it open for an hour; a refused recording is none`() {
    let breaker = TestedBreaker()
    breaker.failed(.administrator("refuses the key"), nowMS: 0)
    #expect(breaker.state == .open(untilMS: 3_600_000))
    #expect(breaker.needsAdministrator)
    let healthy = TestedBreaker()
    for _ in 1...5 { healthy.failed(.audio("too large"), nowMS: 0) }
    #expect(healthy.state == .closed)
  }

  @Test func `one outage opens it once, however many requests it ends`() {
    let breaker = TestedBreaker()
    for now in Int64(0)..<8 { breaker.failed(busy, nowMS: now) }
    #expect(breaker.state == .open(untilMS: 30_002))
    breaker.failed(.retryable("busy", afterSeconds: 5), nowMS: 9)
    #expect(breaker.state == .open(untilMS: 30_002))
    breaker.failed(.retryable("busy", afterSeconds: 60), nowMS: 10)
    #expect(breaker.state == .open(untilMS: 60_010))
    #expect(breaker.mayAsk(nowMS: 60_010))
    breaker.failed(busy, nowMS: 60_011)
    #expect(breaker.state == .open(untilMS: 120_011))
    // What waits for the administrator is not ended by a time-out.
    breaker.failed(.administrator("refuses the key"), nowMS: 60_012)
    breaker.failed(busy, nowMS: 60_013)
    #expect(breaker.state == .open(untilMS: 3_660_012))
  }

  @Test func `a probe that finds another trouble ends what waited for the administrator`() {
    let breaker = TestedBreaker()
    breaker.failed(.administrator("refuses the key"), nowMS: 0)
    #expect(breaker.mayAsk(nowMS: 3_600_000))
    breaker.failed(.retryable("no answer: connection refused"), nowMS: 3_600_001)
    #expect(breaker.state == .open(untilMS: 3_630_001))
    #expect(breaker.why == "no answer: connection refused")
    #expect(!breaker.needsAdministrator)
  }

  @Test func `a clock set back does not lock it`() {
    let breaker = TestedBreaker()
    for _ in 1...3 { breaker.failed(busy, nowMS: 1_000_000_000) }
    #expect(breaker.mayAsk(nowMS: 5))
  }
}

@Suite struct Budgets {
  // 2024-02-29, a Thursday.
  private let leapDay = 19_782

  @Test func `days and months are those of the calendar`() {
    #expect(EngineBudget.dayOfMonth(0) == 1)
    #expect(EngineBudget.dayOfMonth(leapDay) == 29)
    #expect(EngineBudget.dayOfMonth(leapDay + 1) == 1)
    #expect(EngineBudget.day(ofMS: 86_400_000 - 1) == 0)
    #expect(EngineBudget.day(ofMS: -1) == -1)
    var budget = EngineBudget()
    for day in leapDay - 40...leapDay { budget.add(60, day: day) }
    #expect(budget.spent(day: leapDay) == 60)
    #expect(budget.spentInMonth(of: leapDay) == 29 * 60)
    #expect(budget.spentInMonth(of: leapDay + 1) == 0)
  }

  @Test func `what would go over is refused, by day and by month`() {
    var budget = EngineBudget()
    budget.add(100, day: leapDay - 1)
    budget.add(50, day: leapDay)
    #expect(budget.refusal(70, day: leapDay, perDay: 2, perMonth: 0) == nil)
    #expect(
      budget.refusal(71, day: leapDay, perDay: 2, perMonth: 0)
        == "its minutes_per_day = 2 are spent")
    #expect(
      budget.refusal(31, day: leapDay, perDay: 0, perMonth: 3)
        == "its minutes_per_month = 3 are spent")
    budget.add(-50, day: leapDay)
    #expect(budget.spent(day: leapDay) == 0)
    budget.add(-50, day: leapDay)
    #expect(budget.spent(day: leapDay) == 0)
  }

  @Test func `messages of somebody are counted for an hour, each once`() {
    let window = TestedWindow()
    #expect(window.admits("m1", of: "a", limit: 2, nowMS: 0))
    #expect(window.admits("m1", of: "a", limit: 2, nowMS: 1))
    #expect(window.admits("m2", of: "a", limit: 2, nowMS: 2))
    #expect(!window.admits("m3", of: "a", limit: 2, nowMS: 3))
    #expect(window.admits("m3", of: "b", limit: 2, nowMS: 3))
    #expect(window.admits("m3", of: "a", limit: 0, nowMS: 3))
    #expect(window.admits("m3", of: "a", limit: 2, nowMS: 3_600_001))
    #expect(!window.admits("m4", of: "a", limit: 2, nowMS: 3_600_001))
  }
}

/// Expectations take no mutating calls.
private final class TestedBreaker {
  private var breaker = CircuitBreaker()
  var state: CircuitBreaker.State { breaker.state }
  var why: String { breaker.why }
  var needsAdministrator: Bool { breaker.needsAdministrator }
  func mayAsk(nowMS: Int64) -> Bool { breaker.mayAsk(nowMS: nowMS) }
  func answered() { breaker.answered() }
  func failed(_ failure: EngineFailure, nowMS: Int64) { breaker.failed(failure, nowMS: nowMS) }
}

private final class TestedWindow {
  private var window = SlidingWindow()
  func admits(_ id: String, of name: String, limit: Int, nowMS: Int64) -> Bool {
    guard window.hasRoom(for: id, of: name, limit: limit, nowMS: nowMS) else { return false }
    window.count(id, of: name, limit: limit, nowMS: nowMS)
    return true
  }
}
