import Foundation
import TestSupport
import Testing

@testable import Filter

/// A Vosk server from the settings to the mail.
@Suite struct VoskTranscripts {
  private static let heard = """
    {"result":[{"conf":1.0,"end":0.8,"start":0.5,"word":"call"},{"conf":0.9,"end":1.0,"start":0.8,"word":"five"},
    {"conf":0.9,"end":1.2,"start":1.0,"word":"five"},{"conf":0.8,"end":1.4,"start":1.2,"word":"five"},
    {"conf":0.2,"end":1.6,"start":1.4,"word":"please"}],"text":"call five five five please"}
    """

  @Test func `its bare words arrive as a sentence with digits, its doubts as doubts`() throws {
    let server = try FakeVoskServer([Self.heard])
    let session = try Session([
      "engine vosk.url": server.url, "transcription.engines": "vosk, pocketsphinx",
      "transcription.language": "en-US",
    ])
    let mail = AsteriskMail(try VoicemailRecording.short())
    try session.deliver(mail.bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived["X-Voicemail-Engine"] == "vosk")
    #expect(arrived["X-Voicemail-Transcript"] == "ok")
    let text = try #require(arrived.part("text/plain")).text
    #expect(text.contains("Call 555 [please?]."), "\(text)")
    #expect(arrived.recordings == [mail.recording])
    #expect(try session.milter.command("engines").text.contains("vosk ready"))
  }

  @Test func `transcribe shows the sentence, and the words as they were heard`() throws {
    let server = try FakeVoskServer([Self.heard])
    let directory = try TemporaryDirectory()
    let configuration = directory.file("vm.conf")
    try RunningMilter.write(
      ["engine vosk.url": server.url, "transcription.language": "en-US"], to: configuration,
      in: directory)
    let file = directory.file("msg.WAV")
    try Data(try VoicemailRecording.short()).write(to: URL(fileURLWithPath: file))
    let ended = try RunningMilter.run(
      ["transcribe", "--engine", "vosk", "--json", file, "--config", configuration])
    #expect(ended.status == 0, "\(ended.errors)")
    let report = try JSON.object(ended.text)
    let segments = try #require(report["segments"] as? [[String: Any]])
    #expect(segments.map { $0["text"] as? String } == ["Call 555 please."])
    let words = try #require(segments[0]["words"] as? [[String: Any]])
    #expect(words.map { $0["text"] as? String } == ["call", "five", "five", "five", "please"])
  }
}
