internal import Glibc
internal import Voicemail

/// A worker asks to ask an engine.
struct EngineQuestion: Codable, Sendable {
  var engine: String
  var visit: EngineVisit
}

/// A worker tells how an engine ended.
struct EngineReport: Codable, Sendable {
  var engine: String
  var end: EngineEnd
}

/// The daemon's gate as a worker sees it, at the other end of its channel.
final class ChannelGate: EngineGate {
  private let channel: WorkerChannel

  init(_ channel: WorkerChannel) { self.channel = channel }

  func enter(_ engine: String, _ visit: EngineVisit) -> EnginePass {
    do throws(ChannelError) {
      try channel.send(.question, json: EngineQuestion(engine: engine, visit: visit))
      let frame = try channel.receive()
      return try WorkerChannel.decode(EnginePass.self, frame.payload)
    } catch {
      // The daemon has gone, and this worker goes with it.
      return .refused(why: "the daemon is gone", canWait: true)
    }
  }

  func leave(_ engine: String, _ end: EngineEnd) {
    try? channel.send(.report, json: EngineReport(engine: engine, end: end))
  }

  func rest(seconds: Int) { sleep(UInt32(clamping: seconds)) }
}
