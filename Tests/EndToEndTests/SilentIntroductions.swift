import Foundation
import TestSupport
import Testing

@Suite struct SilentIntroductions {
  @Test func `do not end the wait of the message behind them for an engine`() throws {
    let server = try FakeHTTPServer(.drop)
    server.stop()
    let session = try Session([
      "engine whisper.type": "whisper-server", "engine whisper.url": server.url,
      "transcription.engines": "whisper", "transcription.deadline": "12s",
    ])
    let mail = AsteriskMail(try VoicemailRecording.short())
    let silence = try VoicemailRecording.silence(seconds: 3)
    let whole = String(decoding: mail.bytes, as: UTF8.self)
    let boundary = try #require(
      whole.components(separatedBy: "boundary=\"").dropFirst().first?
        .components(separatedBy: "\"").first)
    let introduction =
      "--\(boundary)\r\nContent-Type: audio/x-WAV; name=\"msgintro0002.WAV\"\r\n"
      + "Content-Transfer-Encoding: base64\r\n"
      + "Content-Disposition: attachment; filename=\"msgintro0002.WAV\"\r\n\r\n"
      + Data(silence).base64EncodedString(options: [.lineLength76Characters]) + "\r\n"
    let last = try #require(whole.range(of: "--\(boundary)--"))
    let both = whole.replacingCharacters(in: last, with: introduction + "--\(boundary)--")
    let id = try session.deliver(Array(both.utf8))
    #expect(session.milter.waitForLog(containing: "waits for an engine", "id=\(id)"))
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived.recordings == [mail.recording, silence])
    let text = try #require(arrived.part("text/plain")).text.unfolded
    #expect(text.contains("it was not ready in time"), "\(text)")
  }
}
