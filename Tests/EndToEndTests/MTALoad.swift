import Foundation
import Synchronization
import TestSupport

/// MTAs that send one message after the other, each in a session of its own.
final class MTALoad: Sendable {
  private struct State {
    var isStopped = false
    var running = 0
    var messages = 0
    var voicemails = 0
    var cutSessions = 0
    var troubles: [String] = []
  }
  private let state = Mutex(State())
  private let address: String
  private let recording: [UInt8]

  init(_ address: String, recording: [UInt8]) {
    (self.address, self.recording) = (address, recording)
  }

  var messages: Int { state.withLock { $0.messages } }
  var voicemails: Int { state.withLock { $0.voicemails } }
  var cutSessions: Int { state.withLock { $0.cutSessions } }
  var troubles: [String] { state.withLock { $0.troubles } }

  func start(threads: Int) {
    state.withLock { $0.running = threads }
    for thread in 1...threads {
      Thread.detachNewThread { [self] in
        var number = 0
        while !state.withLock({ $0.isStopped }) {
          number += 1
          run(queueID: "T\(thread)N\(number)", isVoicemail: number % 20 == 0)
        }
        state.withLock { $0.running -= 1 }
      }
    }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    _ = eventually { state.withLock { $0.running } == 0 }
  }

  func waitForMessages(_ count: Int) -> Bool { eventually { messages >= count } }

  private func run(queueID: String, isVoicemail: Bool) {
    let client: MilterClient
    do {
      client = try MilterClient(address)
    } catch {
      return state.withLock { $0.troubles.append("\(queueID): \(error)") }
    }
    do {
      let mta = try MTA(client)
      let reply = try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: queueID)
      do {
        try finish(mta, reply, queueID, isVoicemail)
      } catch {
        state.withLock { $0.troubles.append("\(queueID): \(error)") }
      }
    } catch {
      state.withLock { $0.cutSessions += 1 }
    }
  }

  /// The rest of a message that has begun: it must come to its end.
  private func finish(
    _ mta: MTA, _ reply: Character?, _ queueID: String, _ isVoicemail: Bool
  ) throws {
    var end = reply
    if reply == "c" {
      var mail = AsteriskMail(recording)
      mail.messageID = "<\(queueID)@pbx.example.com>"
      end = try mta.sendContent(isVoicemail ? mail.bytes : OrdinaryMail.all[1].bytes)
    }
    state.withLock { state in
      state.messages += 1
      if end == "d" { state.voicemails += 1 }
      // About to stop, it lets messages pass.
      let isRight = reply == "a" || end == (isVoicemail ? "d" : "a")
      if !isRight { state.troubles.append("\(queueID): \(end ?? "-")") }
    }
  }
}
