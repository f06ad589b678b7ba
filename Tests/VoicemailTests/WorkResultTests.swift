import Testing
import Voicemail

@Suite struct `The result of a worker` {
  @Test(
    arguments: [
      ([.failed], true), ([.none, .failed], true), ([.failed, .none], true), ([.none], false),
      ([.ok, .failed], false), ([.failed, .low], false), ([], false),
    ] as [([TranscriptStatus], Bool)])
  func `lacks a text where one recording has none that may have one`(
    _ statuses: [TranscriptStatus], _ lacks: Bool
  ) {
    let parts = statuses.map { status in
      transcribed(Transcript(status: status, durationSeconds: 5))
    }
    #expect(WorkResult(parts: parts).lacksText == lacks)
  }
}
