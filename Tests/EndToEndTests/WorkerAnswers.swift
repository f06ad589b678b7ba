import Foundation
import Testing
import Voicemail

@testable import Filter

@Suite struct WorkerAnswers {
  @Test func `a result that cannot be written is told, and the original goes out`() throws {
    var pair: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
    defer { for descriptor in pair { close(descriptor) } }
    let (worker, daemon) = (WorkerChannel(descriptor: pair[0]), WorkerChannel(descriptor: pair[1]))
    func received() throws -> WorkOutcome {
      try WorkerChannel.decode(
        WorkOutcome.self, try daemon.receive(until: .now + .seconds(10)).payload)
    }

    var part = TranscribedPart(
      part: PartFacts(index: 1, contentType: "audio/x-wav"), audio: nil, transcript: .failed("no"))
    part.transcript.confidence = .infinity
    try WorkCommand.answer(WorkResult(parts: [part]), [1, 2], to: worker)
    let refused = try received()
    #expect(!refused.messageFollows)
    #expect(refused.result.refusal?.hasPrefix("the result cannot be written as JSON") == true)

    part.transcript.confidence = 1
    try WorkCommand.answer(WorkResult(parts: [part]), [1, 2], to: worker)
    #expect(try received().messageFollows)
    #expect(try daemon.receive(until: .now + .seconds(10)).payload == [1, 2])
  }
}
