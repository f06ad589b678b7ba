import Foundation
import TestSupport
import Testing

@testable import Filter

@Suite struct OwnModels {
  @Test(arguments: [
    ("de-DE", true, "de-DE", true), ("en-GB", true, "en-GB", true), ("", true, "en-US", true),
    ("de-DE, fr", true, "en-US", false), ("de-DE", false, "en-US", false),
  ])
  func `a model of one's own speaks the one language that is set`(
    _ languages: String, _ isOwn: Bool, _ language: String, _ isAsked: Bool
  ) throws {
    let directory = try TemporaryDirectory()
    let configuration = directory.file("vm.conf")
    var settings: RunningMilter.Settings = ["transcription.language": languages]
    if isOwn {
      settings["transcription.acoustic_model"] = "/usr/share/pocketsphinx/model/en-us/en-us"
    }
    try RunningMilter.write(settings, to: configuration, in: directory)
    let file = directory.file("msg.WAV")
    try Data(try VoicemailRecording.short()).write(to: URL(fileURLWithPath: file))
    let ended = try RunningMilter.run(["transcribe", file, "--json", "--config", configuration])
    #expect(ended.status == (isAsked ? 0 : 1), "\(ended.errors)")
    let report = try JSON.object(ended.text)
    #expect(report["language"] as? String == (isAsked ? language : ""))
  }
}
