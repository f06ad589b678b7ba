import Foundation
import Speech
import TestSupport
import Testing
import Voicemail

/// Deepgram, Azure and Google, asked field for field as their references say, and understood.
@Suite struct CloudEngines {
  @Test func `Deepgram`() throws {
    let server = try FakeHTTPServer(
      .json(
        """
        {"metadata":{"request_id":"x"},"results":{"channels":[{"detected_language":"en",
        "alternatives":[{"transcript":"Hello there. Call me.","confidence":0.9}]}],
        "utterances":[{"start":0.5,"end":1.7,"confidence":0.91,"transcript":"Hello there.",
          "words":[{"word":"hello","punctuated_word":"Hello","start":0.5,"end":0.9,"confidence":0.8},
                   {"word":"there","start":1.0,"end":1.6,"confidence":0.7}]},
         {"start":2.5,"end":3.7,"confidence":0.5,"transcript":"Call me."}]}}
        """))
    let (engine, _) = try Engines.make(.deepgram, at: server.url)
    let answer = try engine.recognize(
      Engines.request(
        Engines.voice(rate: 8_000), languages: ["en-US"], vocabulary: ["Yara & Co", "Ü"]))
    let sent = try #require(server.requests.first)
    #expect(
      sent.line
        == "POST /v1/listen?model=nova-3&smart_format=true&punctuate=true&utterances=true"
        + "&mip_opt_out=true&language=en-US&keyterm=Yara%20%26%20Co&keyterm=%C3%9C")
    #expect(sent.header("authorization") == "Token \(Engines.key)")
    #expect(sent.header("content-type") == "audio/wav")
    #expect(SentWave(sent.body)?.rate == 8_000)
    #expect(answer.language == "en")
    #expect(answer.segments.map(\.segment.text) == ["Hello there.", "Call me."])
    #expect(answer.segments[0].segment.words.map(\.text) == ["Hello", "there."])
    #expect(answer.segments[1].segment.confidence == 0.5)

    server.always(
      .json(#"{"results":{"channels":[{"alternatives":[{"transcript":"","confidence":0}]}]}}"#))
    #expect(try engine.recognize(Engines.request(languages: ["de-DE", "fr"])).segments == [])
    #expect(server.requests[1].line.hasSuffix("&detect_language=de&detect_language=fr"))
    server.always(
      .json(#"{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials."}"#, status: 401))
    #expect(Engines.failure(engine)?.kind == .administrator)
  }

  @Test(arguments: [
    ("de-DE", "de"), ("de-CH", "de-CH"), ("en-us", "en-US"), ("en-ZA", "en"), ("fr", "fr"),
    ("pt-BR", "pt-BR"), ("zh-hant", "zh-Hant"), ("es-MX", "es"), ("nb-NO", "no"), ("nb", "no"),
    ("nn", "no"), ("no", "no"),
  ])
  func `Deepgram is told of regions that it knows`(_ tag: String, _ sent: String) throws {
    let server = try FakeHTTPServer(.json(#"{"results":{"channels":[]}}"#))
    let (engine, _) = try Engines.make(.deepgram, at: server.url)
    _ = try engine.recognize(Engines.request(Engines.short, languages: [tag]))
    #expect(server.requests.first?.line.hasSuffix("&language=\(sent)") == true)
  }

  @Test(arguments: ["offsetMilliseconds", "offset"])
  func `Azure, with the names of today and of the preview`(offset: String) throws {
    let duration = offset.replacingOccurrences(of: "offset", with: "duration")
    let server = try FakeHTTPServer(
      .json(
        """
        {"durationMilliseconds":4000,"combinedPhrases":[{"text":"Hello there."}],
        "phrases":[{"\(offset)":500,"\(duration)":1200,"text":"Hello there.","locale":"en-US",
          "confidence":0.83,"words":[{"text":"hello","\(offset)":500,"\(duration)":400},
          {"text":"there","\(offset)":900,"\(duration)":800}]}]}
        """))
    let (engine, _) = try Engines.make(.azure, at: server.url)
    let answer = try engine.recognize(
      Engines.request(languages: ["en", "de-DE"], vocabulary: ["Yara"]))
    let sent = try #require(server.requests.first)
    #expect(
      sent.line == "POST /speechtotext/transcriptions:transcribe?api-version=2024-11-15")
    #expect(sent.header("ocp-apim-subscription-key") == Engines.key)
    let file = try #require(sent.file)
    #expect((file.name, file.filename, file.type) == ("audio", "voicemail.wav", "audio/wav"))
    #expect(SentWave(file.content)?.rate == 16_000)
    #expect(
      sent.fields == [
        #"definition={"locales":["en-US","de-DE"],"phraseList":{"phrases":["Yara"]},"profanityFilterMode":"None"}"#
      ])
    let segment = try #require(answer.segments.first).segment
    #expect(segment.text == "Hello there.")
    #expect(segment.confidence == 0.83)
    #expect(abs(segment.words[0].end - segment.words[0].start - 0.4) < 1e-9)
    #expect(answer.language == "en-US")
  }

  // MARK: - Google

  private func google(
    _ server: FakeHTTPServer, _ change: (inout EngineConfiguration) -> Void = { _ in }
  ) throws -> (engine: RemoteEngine, directory: TemporaryDirectory) {
    try Engines.make(
      .google, at: server.url, key: GoogleKey.file(tokenURL: server.url + "/token"), change)
  }

  private static let token = FakeHTTPServer.Step.json(
    #"{"access_token":"ya29.token-one","expires_in":3599,"token_type":"Bearer"}"#)
  private static let results = """
    {"results":[{"alternatives":[{"transcript":"Hello there","confidence":0.9,
      "words":[{"startTime":"0.500s","endTime":"0.900s","word":"Hello","confidence":0.8},
               {"startTime":"1s","endTime":"1.600s","word":"there","confidence":0}]}],
      "languageCode":"en-us"},{"alternatives":[{"transcript":" call me"}]}],"totalBilledTime":"15s"}
    """

  @Test func `Google signs for a token once, and asks version 1 as its reference says`() throws {
    let server = try FakeHTTPServer(.json(Self.results))
    server.once("POST /token", Self.token)
    let (engine, _) = try google(server)
    let answer = try engine.recognize(
      Engines.request(
        Engines.voice(rate: 8_000), languages: ["en-US", "de"], vocabulary: ["Yara"]))
    _ = try engine.recognize(Engines.request())
    #expect(
      server.requests.map(\.line) == [
        "POST /token", "POST /v1/speech:recognize", "POST /v1/speech:recognize",
      ])
    let sent = server.requests[1]
    #expect(sent.header("authorization") == "Bearer ya29.token-one")
    #expect(sent.header("x-goog-user-project") == "p1")
    let audio = try #require(sent.text.components(separatedBy: #""content":""#).last)
      .components(separatedBy: "\"")[0]
    #expect(
      sent.text.replacingOccurrences(of: audio, with: "AUDIO")
        == #"{"audio":{"content":"AUDIO"},"config":{"alternativeLanguageCodes":["de-DE"],"#
        + #""enableAutomaticPunctuation":true,"enableWordConfidence":true,"#
        + #""enableWordTimeOffsets":true,"encoding":"LINEAR16","languageCode":"en-US","#
        + #""metadata":{"interactionType":"VOICEMAIL","originalMediaType":"AUDIO","#
        + #""recordingDeviceType":"PHONE_LINE"},"model":"telephony","sampleRateHertz":8000,"#
        + #""speechContexts":[{"boost":10,"phrases":["Yara"]}]}}"#)
    #expect(sent.header("content-type") == "application/json")
    // Bare samples: 3.2 to 4 seconds of 8 kHz.
    #expect((48_000...64_000).contains(try #require(Data(base64Encoded: audio)).count))

    #expect(answer.segments.map(\.segment.text) == ["Hello there", "call me"])
    let words = answer.segments[0].segment.words
    #expect(words.map(\.confidence) == [0.8, 0.9])
    #expect(abs(words[1].start - words[0].start - 0.5) < 1e-9)
    #expect(answer.language == "en-US")
  }

  @Test func `Google's token request is a signed assertion`() throws {
    let server = try FakeHTTPServer(.json("{}"))
    server.once("POST /token", Self.token)
    let (engine, directory) = try google(server)
    _ = try engine.recognize(Engines.request())
    let form = try #require(server.requests.first).text
    let prefix = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="
    #expect(form.hasPrefix(prefix))
    let parts = form.dropFirst(prefix.count).split(separator: ".").map(String.init)
    #expect(parts.count == 3)
    func decoded(_ text: String) throws -> Data {
      let plain = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(
        of: "_", with: "/")
      let padding = String(repeating: "=", count: (4 - plain.count % 4) % 4)
      return try #require(Data(base64Encoded: plain + padding))
    }
    let header = try JSONSerialization.jsonObject(with: decoded(parts[0])) as? [String: String]
    #expect(header == ["alg": "RS256", "typ": "JWT", "kid": "kid1"])
    let claims = try #require(
      try JSONSerialization.jsonObject(with: decoded(parts[1])) as? [String: Any])
    #expect(claims["iss"] as? String == "vm@test.iam.gserviceaccount.com")
    #expect(claims["aud"] as? String == server.url + "/token")
    let (from, to) = (claims["iat"] as? Int ?? 0, claims["exp"] as? Int ?? 0)
    #expect(to - from == 3_600)
    #expect(abs(Double(from) - Date().timeIntervalSince1970) < 60)
    // OpenSSL's own program verifies what the library signed.
    try Data(GoogleKey.pem.utf8).write(to: URL(fileURLWithPath: directory.file("k.pem")))
    try Data("\(parts[0]).\(parts[1])".utf8).write(to: URL(fileURLWithPath: directory.file("d")))
    try decoded(parts[2]).write(to: URL(fileURLWithPath: directory.file("s")))
    let openssl = try ChildProcess(
      "/usr/bin/openssl",
      [
        "dgst", "-sha256", "-prverify", directory.file("k.pem"), "-signature",
        directory.file("s"), directory.file("d"),
      ])
    #expect(openssl.waitForExit(seconds: 20) == 0, "\(openssl.errors)")
  }

  @Test
  func `Google's version 2, in pieces of less than a minute, with times of the whole; no speech`()
    throws
  {
    let server = try FakeHTTPServer(
      .json(
        """
        {"results":[{"alternatives":[{"transcript":"one","confidence":0.9,
        "words":[{"startOffset":"1s","endOffset":"2s","word":"one"}]}]}]}
        """))
    server.once("POST /token", Self.token)
    let (engine, _) = try google(server) { configuration in
      (configuration.project, configuration.location) = ("p2", "eu")
      configuration.model = "chirp_2"
    }
    let answer = try engine.recognize(
      Engines.request(Engines.voice(seconds: 70), vocabulary: ["Yara"], seconds: 120))
    let starts = answer.segments.map(\.segment.start)
    #expect(starts.count == 2)
    // Cut in the pauses, which are around every other second.
    #expect(starts.allSatisfy { abs(($0 - 1).remainder(dividingBy: 2)) < 0.6 }, "\(starts)")
    #expect(zip(starts, starts.dropFirst()).allSatisfy { (30...60).contains($1 - $0) }, "\(starts)")
    #expect(
      Array(server.requests.map(\.line).dropFirst())
        == Array(
          repeating: "POST /v2/projects/p2/locations/eu/recognizers/_:recognize", count: 2))
    #expect(server.requests[1].header("x-goog-user-project") == "p2")
    let text = server.requests[1].text
    let content = try #require(text.components(separatedBy: #""content":""#).last)
      .components(separatedBy: "\"")[0]
    #expect(
      text.replacingOccurrences(of: content, with: "AUDIO")
        == #"{"config":{"adaptation":{"phraseSets":[{"inlinePhraseSet":{"phrases":"#
        + #"[{"boost":10,"value":"Yara"}]}}]},"explicitDecodingConfig":{"audioChannelCount":1,"#
        + #""encoding":"LINEAR16","sampleRateHertz":16000},"features":{"#
        + #""enableAutomaticPunctuation":true,"enableWordConfidence":true,"#
        + #""enableWordTimeOffsets":true},"languageCodes":["en-US"],"model":"chirp_2"},"#
        + #""content":"AUDIO"}"#)
    #expect(try #require(Data(base64Encoded: content)).count <= 55 * 32_000)

    server.always(.json(#"{"metadata":{"totalBilledDuration":"0s"}}"#))
    #expect(try engine.recognize(Engines.request()).segments == [])
  }

  @Test func `a token that is called back is renewed once; a wrong account is named`() throws {
    let server = try FakeHTTPServer(.json(Self.results))
    server.once("POST /token", Self.token, .json(#"{"access_token":"two","expires_in":3599}"#))
    server.once(
      "POST /v1", .json(#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#, status: 401))
    let (engine, _) = try google(server)
    #expect(try engine.recognize(Engines.request()).segments.count == 2)
    #expect(server.requests.last?.header("authorization") == "Bearer two")

    let wrong = try FakeHTTPServer(
      .json(#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#, status: 400)
    )
    let (other, _) = try google(wrong)
    let failure = try #require(Engines.failure(other))
    #expect(failure.kind == .administrator)
    #expect(failure.sentence.contains("Invalid JWT Signature."))
    #expect(failure.sentence.contains("clock"))

    let busy = try FakeHTTPServer(
      .json(#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Quota"}}"#, status: 429)
    )
    busy.once("POST /token", Self.token)
    #expect(Engines.failure(try google(busy).engine)?.kind == .retryable)

    let none = #expect(throws: EngineFailure.self) {
      try Engines.make(.google, at: server.url, key: "no json")
    }
    #expect(none?.sentence == "its key_file is not the JSON of a Google service account")
  }
}
