import Audio
import Foundation
import TestSupport
import Testing
import Voicemail

@Suite struct SpeechAndSilence {
  struct Quiet: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var samples: [Int16]
  }

  static let quiet: [Quiet] = [
    Quiet(testDescription: "nothing", samples: []),
    Quiet(testDescription: "one sample", samples: [-32768]),
    Quiet(testDescription: "digital silence", samples: Sounds.silence(5)),
    Quiet(testDescription: "loud white noise", samples: Sounds.noise(seconds: 8, amplitude: 8000)),
    Quiet(testDescription: "faint white noise", samples: Sounds.noise(seconds: 8, amplitude: 80)),
    Quiet(testDescription: "50 Hz hum", samples: Sounds.tone(50, seconds: 6)),
    Quiet(testDescription: "60 Hz hum", samples: Sounds.tone(60, seconds: 6)),
    Quiet(testDescription: "a tone", samples: Sounds.tone(440, seconds: 6)),
    Quiet(testDescription: "full scale", samples: [Int16](repeating: 32767, count: 50_000)),
    Quiet(
      testDescription: "noise that sets in after silence",
      samples: Sounds.silence(2) + Sounds.noise(seconds: 5) + Sounds.silence(2)),
    Quiet(
      testDescription: "a beep between silences",
      samples: Sounds.silence(1) + Sounds.tone(1000, seconds: 1) + Sounds.silence(3)),
    Quiet(
      testDescription: "dialled digits",
      samples: Sounds.digits("5550198", seconds: 0.1) + Sounds.digits("159#", seconds: 0.25)),
    Quiet(
      testDescription: "brown noise",
      samples: Sounds.brownNoise(seconds: 8)),
    Quiet(
      testDescription: "a line on which next to nothing rustles",
      samples: Sounds.brownNoise(seconds: 8).map { $0 / 200 }),
    Quiet(
      testDescription: "a line that is opened on nothing",
      samples: Sounds.silence(2) + Sounds.noise(seconds: 3, amplitude: 12) + Sounds.silence(2)),
    Quiet(
      testDescription: "a chord that changes",
      samples: [
        [440.0, 554, 659, 880, 1318], [392, 494, 587, 784, 1175], [349, 440, 523, 698, 1046],
      ]
      .flatMap { chord in Sounds.chord(chord, seconds: 1.4) }),
    Quiet(
      testDescription: "a click",
      samples: Sounds.silence(2) + Sounds.noise(seconds: 0.01) + Sounds.silence(2)),
  ]

  @Test(arguments: quiet)
  func `what no voice makes is no speech`(_ quiet: Quiet) {
    #expect(SpeechActivity(quiet.samples).speechSeconds == 0)
    #expect(UtterancePlan(quiet.samples).utterances.isEmpty)
  }

  /// Lengths of the speech itself, as heard between the prompts' own silences.
  @Test(arguments: ["vm-goodbye", "demo-echotest", "vm-rec-temp", "queue-periodic-announce"])
  func `a prompt speaks for about its length`(_ prompt: String) throws {
    let recording = try decode(prompt)
    #expect(recording.speechSeconds > recording.durationSeconds * 0.6)
    #expect(recording.speechSeconds <= recording.durationSeconds)
  }

  @Test func `silence and noise around a prompt do not count`() throws {
    let prompt = try decode("queue-periodic-announce")
    let noise = Sounds.noise(seconds: 5, amplitude: 60)
    let around = SpeechActivity(noise + prompt.samples + noise)
    #expect(abs(around.speechSeconds - prompt.speechSeconds) < 1)
    let silent = SpeechActivity(Sounds.silence(5) + prompt.samples + Sounds.silence(5))
    #expect(abs(silent.speechSeconds - prompt.speechSeconds) < 0.3)
    #expect(silent.stretches.allSatisfy { $0.lowerBound > 5 * 16_000 - 800 })
  }

  @Test(arguments: [20.0, 32, 44])
  func `a quiet recording speaks as long as a loud one`(_ decibels: Double) throws {
    let prompt = try decode("vm-rec-temp")
    let click: [Int16] = [9000, -9000]
    let quiet = prompt.samples.map { Int16((Double($0) * pow(10, -decibels / 20)).rounded()) }
    #expect(SpeechActivity(quiet + click).speechSeconds > prompt.speechSeconds * 0.8)
  }

  @Test func `a prompt in noise of a poor line is still found`() throws {
    let prompt = try decode("demo-echotest")
    let noise = Sounds.noise(seconds: prompt.durationSeconds + 1, amplitude: 250)
    let noisy = zip(prompt.samples, noise).map { Int16(clamping: Int($0) + Int($1)) }
    #expect(SpeechActivity(noisy).speechSeconds > prompt.speechSeconds * 0.6)
  }

  @Test(arguments: [10.0, 5.0, 3.0])
  func `a voice in loud noise is still found`(_ decibels: Double) throws {
    let prompt = try decode("demo-echotest")
    let power =
      prompt.samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(prompt.samples.count)
    // Uniform noise of amplitude a has a mean square of a squared by 3.
    let amplitude = Int((3 * power / pow(10, decibels / 10)).squareRoot())
    let noise = Sounds.noise(seconds: prompt.durationSeconds + 1, amplitude: amplitude)
    let noisy = zip(prompt.samples, noise).map { Int16(clamping: Int($0) + Int($1)) }
    #expect(SpeechActivity(noisy).speechSeconds > 2)
  }

  @Test func `music on hold is no speech, and a voice over music is`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("music.wav")
    let source = "/usr/share/asterisk/moh/macroform-cold_day.wav"
    try Sounds.sox([source, "-r", "16000", path, "trim", "5", "12"])
    let music = try SoundFileDecoder().decode(
      try Sounds.bytes(path), contentType: "", filename: nil)
    #expect(music.speechSeconds == 0)
    let voice = try decode("demo-congrats").samples
    let mixed = zip(voice, music.samples).map { Int16(clamping: Int($0) + Int($1) / 4) }
    #expect(SpeechActivity(mixed).speechSeconds > 5)
    let before = SpeechActivity(Array(voice.prefix(80_000)) + music.samples)
    #expect(before.speechSeconds > 3)
  }

  @Test(arguments: [(seconds: 1.0, keys: "5550198"), (2, "555019855501#")])
  func `a voice beside dialled digits is speech`(_ call: (seconds: Double, keys: String)) throws {
    let voice = Array(try decode("demo-congrats").samples.prefix(Int(call.seconds * 16_000)))
    let keys = Sounds.digits(call.keys, seconds: 0.15)
    let heard = SpeechActivity(voice).speechSeconds
    for samples in [voice + keys, keys + voice] {
      #expect(abs(SpeechActivity(samples).speechSeconds - heard) < 0.3)
    }
  }

  @Test func `a word whose vowel looks like a digit is whole`() throws {
    let key = Sounds.digits("5", seconds: 0.06)
    let word = Array(try decode("demo-congrats").samples[8000..<11_600]) + key
    #expect(SpeechActivity(Sounds.silence(1) + word + Sounds.silence(1)).speechSeconds > 0.2)
  }

  @Test(arguments: [
    (piece: "macroform-cold_day", seconds: 1.5), ("macroform-robot_dity", 2),
    ("macroform-the_simplicity", 2.7),
  ])
  func `a short voice before or after music is speech`(_ call: (piece: String, seconds: Double))
    throws
  {
    let music = try hold(call.piece, from: 5, seconds: 9)
    #expect(SpeechActivity(music).speechSeconds == 0)
    let voice = Array(try decode("vm-rec-temp").samples.prefix(Int(call.seconds * 16_000)))
    #expect(SpeechActivity(voice + music).speechSeconds > call.seconds / 2)
    #expect(SpeechActivity(music + voice).speechSeconds > call.seconds / 2)
  }

  /// Hardly more musical than a voice, but without its gaps.
  @Test func `music that never holds a tone for long is no speech`() throws {
    let music = try hold("macroform-robot_dity", from: 45, seconds: 15)
    #expect(SpeechActivity(music).speechSeconds == 0)
  }

  /// flite's, of long vowels: a third of it are held tones.
  @Test(arguments: [1, 3])
  func `a synthetic voice without melody is speech`(_ times: Int) throws {
    let words = """
      Good evening Mister Nolan. I am ringing you about the long yellow lorry that you left in our lane all evening.
      Move it now or I will ring the law.
      """
    let directory = try TemporaryDirectory()
    let (said, call) = (directory.file("said.wav"), directory.file("call.wav"))
    let flite = try ChildProcess(
      "/usr/bin/flite",
      ["-voice", "slt", "-t", [String](repeating: words, count: times).joined(), "-o", said])
    #expect(flite.waitForExit(seconds: 30) == 0)
    try Sounds.sox([said, "-r", "8000", "-e", "mu-law", call])
    let voice = try SoundFileDecoder().decode(
      try Sounds.bytes(call), contentType: "", filename: nil)
    #expect(voice.speechSeconds > voice.durationSeconds / 2)
  }

  @Test func `utterances are short, apart, and cover the speech`() throws {
    let prompts = ["demo-congrats", "demo-echotest", "demo-instruct", "vm-rec-temp"]
    var samples: [Int16] = []
    for prompt in prompts { samples += try decode(prompt).samples + Sounds.silence(4) }
    let plan = UtterancePlan(samples).utterances
    #expect(plan.count >= 5)
    for (one, next) in zip(plan, plan.dropFirst()) { #expect(one.upperBound <= next.lowerBound) }
    for utterance in plan {
      #expect(utterance.count <= 31 * 16_000)
      #expect(utterance.lowerBound >= 0 && utterance.upperBound <= samples.count)
    }
    for stretch in SpeechActivity(samples).stretches {
      let covered = plan.reduce(0) { $0 + $1.clamped(to: stretch).count }
      #expect(covered == stretch.count)
    }
  }

  @Test func `speech without any pause is cut all the same`() throws {
    // Babble: a tone whose loudness never rests and never stands still.
    var random = SplitMix(state: 3)
    var samples = Sounds.silence(1)
    for _ in 0..<900 {
      let amplitude = Double.random(in: 1500...9000, using: &random)
      samples += Sounds.tone(300, seconds: 0.1, amplitude: amplitude)
    }
    let plan = UtterancePlan(samples).utterances
    #expect(plan.count >= 4)
    #expect(plan.allSatisfy { $0.count <= 31 * 16_000 })
  }

  /// Debian's music on hold as a telephone has it.
  private func hold(_ piece: String, from: Int, seconds: Int) throws -> [Int16] {
    let directory = try TemporaryDirectory()
    let path = directory.file("music.wav")
    let source = "/usr/share/asterisk/moh/\(piece).wav"
    try Sounds.sox(
      [source, "-r", "8000", "-e", "mu-law", path, "trim", "\(from)", "\(seconds)"])
    return try SoundFileDecoder().decode(
      try Sounds.bytes(path), contentType: "", filename: nil
    ).samples
  }

  private func decode(_ prompt: String) throws -> Recording {
    try SoundFileDecoder().decode(try Sounds.prompt(prompt), contentType: "", filename: nil)
  }
}
