import Audio
import TestSupport
import Testing
import Voicemail

@Suite struct `Facts about recordings` {
  private func facts(_ file: [UInt8]) throws -> AudioFacts {
    try SoundFileDecoder().decode(file, contentType: "", filename: nil).facts
  }

  @Test(arguments: ["flac", "mp3", "au", "wav", "aiff", "wma", "m4a"])
  func `a file that breaks off says so where its header has the length`(_ kind: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("v.\(kind)")
    if ["mp3", "wma", "m4a"].contains(kind) {
      // The index of an M4A stands first where it is sent as it is made.
      let order = kind == "m4a" ? ["-movflags", "+faststart"] : []
      try Sounds.ffmpeg(["-i", Sounds.path("vm-nobodyavail")] + order + [path])
    } else {
      try Sounds.sox([Sounds.path("vm-nobodyavail"), path])
    }
    let file = try Sounds.bytes(path)
    #expect(try facts(file).isCutOff == nil)
    let recording = try SoundFileDecoder().decode(
      Array(file.prefix(file.count / 2)), contentType: "", filename: nil)
    #expect(recording.facts.isCutOff == true)
    #expect(recording.facts.durationSeconds == recording.durationSeconds)
    #expect(recording.remarks.count == 1)
    #expect(recording.remarks.first?.hasPrefix("cut off: ") == true)
  }

  @Test(arguments: ["wma", "amr"])
  func `of a long one that ffmpeg reads the length is told where its header has it`(_ kind: String)
    throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file("v.\(kind)")
    if kind == "amr" {
      try Sounds.sox([Sounds.path("vm-nobodyavail"), "-t", "amr-nb", path])
    } else {
      try Sounds.ffmpeg(["-i", Sounds.path("vm-nobodyavail"), path])
    }
    let file = try Sounds.bytes(path)
    let whole = try facts(file).durationSeconds
    let recording = try SoundFileDecoder(maxSeconds: 2).decode(file, contentType: "", filename: nil)
    #expect(recording.facts.usedSeconds == 2)
    // Without a length in the header nothing is made up.
    #expect(abs(recording.facts.durationSeconds - (kind == "amr" ? 2 : whole)) < 0.3)
    #expect(recording.remarks == ["longer than max_audio: the first 2 s are used"])
    #expect(recording.facts.isCutOff == nil)
  }

  @Test func `the level is that of the speech`() throws {
    let prompt = try Sounds.prompt("vm-goodbye")
    let alone = try #require(try facts(prompt).levelDBFS)
    #expect((-35 ... -10).contains(alone))
    let decoded = try SoundFileDecoder().decode(prompt, contentType: "", filename: nil)
    let among = Sounds.silence(2) + decoded.samples + Sounds.silence(2)
    let level = try #require(try facts(Sounds.wav(among)).levelDBFS)
    #expect(abs(level - alone) < 1)
    let half = decoded.samples.map { $0 / 2 }
    let quiet = try #require(try facts(Sounds.wav(half)).levelDBFS)
    #expect(abs(quiet - alone + 6) < 0.5)
    #expect(try facts(Sounds.wav(Sounds.silence(1))).levelDBFS == -120)
  }

  @Test func `clipping is known, in whatever coding`() throws {
    let directory = try TemporaryDirectory()
    #expect(try facts(try Sounds.prompt("vm-goodbye")).clippedPart == 0)
    for (name, coding) in [("u", ["-e", "u-law"]), ("a", ["-e", "a-law"]), ("s", ["-b", "16"])] {
      let path = directory.file("\(name).wav")
      try Sounds.sox([Sounds.path("vm-goodbye")] + coding + [path, "vol", "8"])
      let part = try #require(try facts(try Sounds.bytes(path)).clippedPart)
      #expect((0.01...0.9).contains(part), "\(name)")
    }
  }

  @Test func `a channel can be had by itself`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("two.wav")
    let (left, right) = (Sounds.path("vm-goodbye"), Sounds.path("vm-sorry"))
    try Sounds.sox(["-M", left, right, path])
    let file = try Sounds.bytes(path)
    let decoder = SoundFileDecoder()
    for (channel, prompt) in [(0, left), (1, right)] {
      let one = try decoder.decode(file, contentType: "", filename: nil, channel: channel)
      let alone = try decoder.decode(try Sounds.bytes(prompt), contentType: "", filename: nil)
      #expect(one.facts.channels == 2)
      #expect(abs(one.speechSeconds - alone.speechSeconds) < 0.05)
      let count = min(one.samples.count, alone.samples.count) - 100
      #expect(
        zip(one.samples, alone.samples).prefix(count).allSatisfy { abs(Int($0) - Int($1)) < 3 })
    }
    let all = try decoder.decode(file, contentType: "", filename: nil)
    let beyond = try decoder.decode(file, contentType: "", filename: nil, channel: 7)
    #expect(all.samples == beyond.samples)
  }
}
