import Foundation
import TestSupport
import Testing
import Voicemail

@testable import Operations

@Suite struct EngineSections {
  @Test func `without a section there is the embedded engine`() throws {
    let settings = try Settings(.none)
    #expect(settings.engines == ["pocketsphinx"])
    #expect(settings.allEngines == [EngineConfiguration.embedded])
    #expect(settings.languages == [])
  }

  @Test func `whisper-server needs no section either`() throws {
    let settings = try load(
      Array("[transcription]\nengines = whisper-server, pocketsphinx\nlanguage = en-GB".utf8)
    ).get()
    #expect(settings.engines == ["whisper-server", "pocketsphinx"])
    #expect(settings.allEngines.map(\.kind) == [.whisperServer, .pocketsphinx])
    #expect(settings.allEngines[0].concurrency == 1)
    #expect(settings.languages == ["en-GB"])
  }

  @Test(arguments: [
    ("[engine vosk]", true), ("[engine vosk]\nurl = ws://[::1]:2700", true),
    ("[engine vosk]\nurl = wss://vosk.example.com", false), ("[engine whisper-server]", true),
    ("[engine whisper-server]\nurl = http://10.0.0.7:8080", false), ("[engine openai]", false),
  ])
  func `an engine is on this host where its address is, told or not`(text: String, isHere: Bool)
    throws
  {
    let engine = try #require(try load(Array(text.utf8)).get().engineSections.first)
    #expect(engine.staysHere == isHere)
  }

  @Test func `each key changes what it names`() throws {
    let text = """
      [engine cloud]
      type = openai
      url = https://stt.example.com/v1
      key_file = openai-key
      model = whisper-large
      timeout = 2min
      concurrency = 3
      minutes_per_day = 4
      minutes_per_month = 5
      messages_per_client = 6
      messages_per_recipient = 7
      low_confidence = 40
      ca_file = /ca.pem
      proxy = http://proxy:3128
      [engine own]
      type = command
      program = /usr/local/bin/own
      arguments = --fast  -x
      memory = 2GB
      [engine amazon]
      key_file = /k
      region = eu-central-1
      bucket = b
      s3_url = https://s3.example.com/b
      vocabulary_name = names
      [engine google]
      key_file = /g.json
      project = p
      location = eu
      [engine vosk]
      url = wss://vosk.example.com/asr
      key_file = /v
      """
    let engines = try load(Array(text.utf8)).get().engineSections
    var cloud = EngineConfiguration(name: "cloud", kind: .openai)
    cloud.url = "https://stt.example.com/v1"
    (cloud.keyFile, cloud.model, cloud.timeoutMS) = ("openai-key", "whisper-large", 120_000)
    (cloud.concurrency, cloud.minutesPerDay, cloud.minutesPerMonth) = (3, 4, 5)
    (cloud.messagesPerClient, cloud.messagesPerRecipient) = (6, 7)
    (cloud.lowConfidence, cloud.caFile, cloud.proxy) = (0.4, "/ca.pem", "http://proxy:3128")
    var own = EngineConfiguration(name: "own", kind: .command)
    (own.program, own.memoryBytes) = (["/usr/local/bin/own", "--fast", "-x"], 2 << 30)
    own.concurrency = 1
    var amazon = EngineConfiguration(name: "amazon", kind: .amazon)
    (amazon.keyFile, amazon.region, amazon.bucket) = ("/k", "eu-central-1", "b")
    amazon.s3URL = "https://s3.example.com/b"
    amazon.vocabularyName = "names"
    var google = EngineConfiguration(name: "google", kind: .google)
    (google.keyFile, google.project, google.location) = ("/g.json", "p", "eu")
    var vosk = EngineConfiguration(name: "vosk", kind: .vosk)
    (vosk.url, vosk.keyFile) = ("wss://vosk.example.com/asr", "/v")
    #expect(engines == [cloud, own, amazon, google, vosk])
  }

  @Test(arguments: [
    (
      "[engine x]\nurl = http://127.0.0.1",
      "FILE:1: [engine x] type: must be one of pocketsphinx, whisper-server, whisper-cli, openai, google, "
        + "amazon, azure, deepgram, vosk, command"
    ),
    (
      "[engine x]\ntype = kaldi",
      "FILE:2: [engine x] type: must be one of pocketsphinx, whisper-server, whisper-cli, openai, google, "
        + "amazon, azure, deepgram, vosk, command"
    ),
    (
      "[engine x y]\ntype = openai",
      "FILE:1: [engine x y]: an engine's name has letters, digits and dashes, at most 40"
    ),
    (
      "[engine deepgram]\nmodel = nova-3",
      "FILE:1: [engine deepgram]: type deepgram needs key_file"
    ),
    (
      "[engine deepgram]\nkey_file =",
      "FILE:2: [engine deepgram] key_file: type deepgram needs key_file"
    ),
    (
      "[engine openai]\nprogram = /x",
      "FILE:2: [engine openai] program: no such key for type openai; known are type, url, key_file, model, "
        + "timeout, concurrency, minutes_per_day, minutes_per_month, messages_per_client, "
        + "messages_per_recipient, low_confidence, ca_file, proxy"
    ),
    (
      "[engine openai]\ntimeout = long",
      "FILE:2: [engine openai] timeout: long: must be a time such as 30s, 5min, 2h or 5d, at most 3650d"
    ),
    (
      "[engine openai]\nurl = ftp://x",
      "FILE:2: [engine openai] url: ftp://x: must be an http or https address without name and password"
    ),
    (
      "[engine openai]\nurl = https://me:secret@x/",
      "FILE:2: [engine openai] url: must be an http or https address without name and password"
    ),
    (
      "[engine openai]\nkey_file = k\nurl = http://stt.example.com/v1",
      "FILE:3: [engine openai] url: http://stt.example.com/v1: a key goes by https only, except on this host"
    ),
    (
      "[engine vosk]\nurl = http://x",
      "FILE:2: [engine vosk] url: http://x: must be a ws or wss address without name and password"
    ),
    (
      "[engine openai]\nurl = ws://x",
      "FILE:2: [engine openai] url: ws://x: must be an http or https address without name and password"
    ),
    (
      "[engine vosk]\nkey_file = k\nurl = ws://vosk.example.com",
      "FILE:3: [engine vosk] url: ws://vosk.example.com: a key goes by wss only, except on this host"
    ),
    (
      "[engine vosk]\nmodel = x",
      "FILE:2: [engine vosk] model: no such key for type vosk; known are type, url, key_file, "
        + "timeout, concurrency, minutes_per_day, minutes_per_month, messages_per_client, "
        + "messages_per_recipient, low_confidence, ca_file, proxy"
    ),
    (
      "[transcription]\nengines = pocketsphinx, cloud",
      "FILE:2: [transcription] engines: no engine 'cloud'; known are pocketsphinx, whisper-server, openai, vosk, and the "
        + "names of sections [engine NAME]"
    ),
    (
      "[policy a]\nengines = cloud",
      "FILE:2: [policy a] engines: no engine 'cloud'; known are pocketsphinx, whisper-server, openai, vosk, and the "
        + "names of sections [engine NAME]"
    ),
    (
      "[engine cloud]\ntype = openai\n[transcription]\nengines = pocketsphinx, clown",
      "FILE:4: [transcription] engines: no engine 'clown'; did you mean cloud?"
    ),
    (
      "[policy a]\nengines = pocketsphinx, google",
      "FILE:2: [policy a] engines: google needs a section [engine google]"
    ),
    (
      "[transcription]\nengines = ,",
      "FILE:2: [transcription] engines: names no engine; known are pocketsphinx, whisper-server, openai, vosk"
    ),
  ])
  func `what is wrong gives one line with its place`(text: String, line: String) throws {
    #expect(try complaints(text) == [line])
  }

  @Test func `an unencrypted address is for this host, and for what has no key`() throws {
    for url in ["http://127.0.0.1:8000/v1", "http://localhost:1", "http://[::1]:1"] {
      #expect(try complaints("[engine openai]\nkey_file = k\nurl = \(url)") == [])
    }
    #expect(try complaints("[engine w]\ntype = whisper-server\nurl = http://10.0.0.1:8080") == [])
    #expect(try complaints("[engine vosk]\nkey_file = k\nurl = ws://127.0.0.1:2700") == [])
    #expect(try complaints("[engine vosk]\nurl = ws://10.0.0.1:2700") == [])
  }

  @Test func `changed engines are a live change`() throws {
    let standard = try Settings(.none)
    let fresh = try load(Array("[engine whisper-server]\ntimeout = 5s".utf8)).get()
    #expect(standard.reload(fresh).changed == ["[engine ...]"])
    #expect(standard.reload(fresh).settings == fresh)
  }

  @Test func `a vocabulary is one word a line, with comments, and bounded`() throws {
    let long = String(repeating: "x", count: 300)
    let words = try load(Array("[log]".utf8)).get()
    #expect(words.vocabulary == nil)
    let many = (1...600).map { "name\($0)" }.joined(separator: "\n")
    let found = try vocabulary("# staff\nYara Okonkwo  # sales\r\n\n \(long)\n\(many)")
    #expect(found.count == 500)
    #expect(found[0] == "Yara Okonkwo")
    #expect(found[1].count <= 100)
    #expect(throws: FileError.self) { try Vocabulary.read("/nowhere/words") }
  }
}

/// What a vocabulary file of this text gives.
private func vocabulary(_ text: String) throws -> [String] {
  let directory = try TemporaryDirectory()
  try text.write(toFile: directory.file("words"), atomically: true, encoding: .utf8)
  return try Vocabulary.read(directory.file("words"))
}
