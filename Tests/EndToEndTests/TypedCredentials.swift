import Foundation
import TestSupport
import Testing

/// Keys that only systemd has, and a command that somebody types.
@Suite(.serialized) struct TypedCredentials {
  @Test func `a command of root's finds the credentials of the service that runs`() throws {
    let server = try FakeHTTPServer(Engines.answer)
    let directory = try TemporaryDirectory()
    let path = directory.file("vm.conf")
    try RunningMilter.write(
      [
        "engine cloud.type": "openai", "engine cloud.url": server.url,
        "engine cloud.key_file": "cloud-key", "transcription.engines": "cloud",
      ], to: path, in: directory)
    let recording = directory.file("msg.wav")
    try Data(VoicemailRecording.short()).write(to: URL(fileURLWithPath: recording))
    // A /run of its own, as systemd makes it (systemd.exec(5), LoadCredential=).
    let script = """
      set -e
      mount -t tmpfs tmpfs /run
      mkdir -p -m 0700 /run/credentials/voicemail-milter.service
      [ -z "$1" ] || echo typed-key >/run/credentials/voicemail-milter.service/cloud-key
      exec "$2" transcribe --config "$3" "$4"
      """
    func transcribe(_ isThere: String) throws -> String {
      let process = try ChildProcess(
        "/usr/bin/unshare",
        ["--mount", "sh", "-c", script, "sh", isThere, RunningMilter.program, path, recording])
      _ = process.waitForExit(seconds: 60)
      return String(decoding: process.output, as: UTF8.self) + process.errors
    }
    let heard = try transcribe("yes")
    #expect(heard.contains("Please call me back."), "\(heard)")
    #expect(server.requests.last?.header("authorization") == "Bearer typed-key")
    let missing = try transcribe("")
    #expect(missing.contains("key_file cloud-key: no such credential"), "\(missing)")
    #expect(server.requests.count == 1)
  }
}
