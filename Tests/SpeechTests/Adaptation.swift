import Audio
import Testing
import Voicemail

@testable import Speech

@Suite struct Adaptation {
  @Test func `the model is fitted to a telephone call, and is as before for the next recording`()
    throws
  {
    let call = try Prompts.recording("vm-saveoper").samples
    let prepared = TelephoneBand(call, [0..<call.count]).prepare(call[...])
    #expect(prepared.adaptation == .digital)
    var decoder = try PocketSphinxDecoder(.init())
    let plain = try decoder.decode(prepared.samples)
    try decoder.adapt(to: .digital)
    let adapted = try decoder.decode(prepared.samples)
    try decoder.adapt(to: .analogue)
    let otherwise = try decoder.decode(prepared.samples)
    try decoder.adapt(to: .digital)
    #expect(try decoder.decode(prepared.samples) == adapted)
    try decoder.adapt(to: nil)
    #expect(adapted != plain && otherwise != plain)
    #expect(try decoder.decode(prepared.samples) == plain)
  }

  @Test func `a model of the administrator's own stays as it is`() throws {
    let model = "/usr/share/pocketsphinx/model/en-us/en-us"
    let call = try Prompts.recording("vm-saveoper").samples
    let prepared = TelephoneBand(call, [0..<call.count]).prepare(call[...])
    var decoder = try PocketSphinxDecoder(.init(acousticModel: model))
    let plain = try decoder.decode(prepared.samples)
    try decoder.adapt(to: .digital)
    #expect(try decoder.decode(prepared.samples) == plain)
  }
}
