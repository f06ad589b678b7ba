import Foundation
import Synchronization
import TestSupport
import Testing
import Voicemail

@testable import Filter

/// The daemon's book of engines: what is counted, and when.
@Suite struct EngineDesks {
  /// A desk whose clock the test moves, and what it has written down.
  private final class Scene: Sendable {
    let nowMS = Mutex<Int64>(1_000_000)
    let records = Mutex<[String]>([])
    func record(_ engine: String, _ day: Int, _ seconds: Double) {
      records.withLock { $0.append("\(engine) \(day): \(Int(seconds))") }
    }

    func desk(_ change: (inout EngineConfiguration) -> Void = { _ in }) -> EngineDesk {
      let desk = EngineDesk(
        record: { [self] in record($0, $1, $2) }, clock: { [self] in nowMS.withLock { $0 } })
      var engine = EngineConfiguration(name: "far", kind: .openai)
      change(&engine)
      desk.configure([engine], spent: [:])
      return desk
    }
  }

  private let visit = EngineVisit(audioSeconds: 60, limitSeconds: 60, waitSeconds: 0)
  private func customer(_ id: String) -> EngineDesk.Customer {
    .init(id: id, client: "192.0.2.7", recipients: ["ann@example.com", "bob@example.com"])
  }

  @Test(arguments: [
    (EngineFailure.administrator("refuses the key"), false), (.audio("too large"), false),
    (.busy("is busy or broken (503)", afterSeconds: 1), false),
    (.retryable("did not answer in time"), true),
    (.retryable("answered with 9 bytes that are not the JSON it promises"), true),
    (EngineFailure(.audio, "did not finish in time", mayBePaid: true), true),
  ])
  func `what may be on the bill stays in the budget, a refusal does not`(
    _ failure: EngineFailure, _ isPaid: Bool
  ) {
    let scene = Scene()
    let desk = scene.desk { $0.minutesPerDay = 1 }
    #expect(desk.enter("far", visit, customer("1")) == .granted)
    desk.leave("far", .failed(failure), customer("1"))
    #expect(scene.records.withLock { $0 } == ["far 0: 60"] + (isPaid ? [] : ["far 0: -60"]))
    #expect(desk.statuses.map(\.minutesToday) == [isPaid ? 1 : 0])
  }

  @Test(arguments: [(20, "far 0: -40"), (0, "far 0: -60"), (60, nil), (90, nil)])
  func `of a recording in pieces, what was not sent is given back`(
    _ paid: Double, _ given: String?
  ) {
    let scene = Scene()
    let desk = scene.desk()
    #expect(desk.enter("far", visit, customer("1")) == .granted)
    var failure = EngineFailure.retryable("did not answer in time")
    failure.paidSeconds = paid
    desk.leave("far", .failed(failure), customer("1"))
    #expect(scene.records.withLock { $0 } == ["far 0: 60"] + [given].compactMap(\.self))
  }

  @Test func `what is given back after midnight was yesterday's`() {
    let scene = Scene()
    let desk = scene.desk()
    scene.nowMS.withLock { $0 = 86_399_000 }
    #expect(desk.enter("far", visit, customer("1")) == .granted)
    scene.nowMS.withLock { $0 = 86_401_000 }
    #expect(desk.enter("far", visit, customer("2")) == .granted)
    desk.leave("far", .failed(.audio("no")), customer("1"))
    #expect(scene.records.withLock { $0 } == ["far 0: 60", "far 1: 60", "far 0: -60"])
    #expect(desk.statuses.map(\.minutesToday) == [1])
  }

  @Test func `a message that was not asked for is not counted`() {
    let scene = Scene()
    let desk = scene.desk { ($0.messagesPerClient, $0.messagesPerRecipient) = (2, 1) }
    let busy = EngineEnd.failed(.busy("busy", afterSeconds: 60))
    #expect(desk.enter("far", visit, customer("1")) == .granted)
    desk.leave("far", busy, customer("1"))
    // It rests: nobody is asked, and nobody counted, however often they come.
    for id in ["2", "3", "4"] {
      var other = customer(id)
      other.recipients = ["cat@example.com"]
      #expect(
        desk.enter("far", visit, other) == .refused(why: "it is out of order: busy", canWait: true))
    }
    scene.nowMS.withLock { $0 += 61_000 }
    // Its second recipient has had one: then the first, and the client, are not counted for it.
    var refused = customer("5")
    refused.recipients = ["dan@example.com", "bob@example.com"]
    #expect(
      desk.enter("far", visit, refused)
        == .spent(why: "more than messages_per_recipient = 1 within an hour"))
    var last = customer("6")
    last.recipients = ["cat@example.com", "dan@example.com"]
    #expect(desk.enter("far", visit, last) == .granted)
    desk.leave("far", .answered, last)
    var third = customer("7")
    third.recipients = ["eve@example.com"]
    #expect(
      desk.enter("far", visit, third)
        == .spent(why: "more than messages_per_client = 2 within an hour"))
  }

  @Test func `a probe that takes its worker down is no probe for ever`() {
    let scene = Scene()
    let desk = scene.desk { $0.kind = .pocketsphinx }
    for id in ["1", "2", "3"] {
      #expect(desk.enter("far", visit, customer(id)) == .granted)
      desk.leave("far", .failed(.retryable("busy")), customer(id))
    }
    scene.nowMS.withLock { $0 += 30_000 }
    #expect(desk.enter("far", visit, customer("4")) == .granted)
    desk.lost("far", customer("4"), "the worker was lost with it")
    scene.nowMS.withLock { $0 += 3_600_000 }
    #expect(desk.enter("far", visit, customer("5")) == .granted)
  }
}
