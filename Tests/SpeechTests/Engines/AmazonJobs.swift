import Foundation
import Speech
import Synchronization
import TestSupport
import Testing
import Voicemail

@Suite struct AmazonJobs {
  private static let result = """
    {"jobName":"j","status":"COMPLETED","results":{"transcripts":[{"transcript":"Hello. Call me"}],
    "language_code":"en-US","items":[
     {"type":"pronunciation","start_time":"0.5","end_time":"0.9","alternatives":[{"confidence":"0.9","content":"Hello"}]},
     {"type":"punctuation","alternatives":[{"confidence":"0.0","content":"."}]},
     {"type":"pronunciation","start_time":"2.5","end_time":"2.9","alternatives":[{"confidence":"0.5","content":"Call"}]},
     {"type":"pronunciation","start_time":"3.0","end_time":"3.4","alternatives":[{"confidence":"0.7","content":"me"}]}]}}
    """

  private func job(_ status: String, reason: String = "") -> FakeHTTPServer.Step {
    .json(
      #"{"TranscriptionJob":{"TranscriptionJobStatus":"\#(status)","FailureReason":"\#(reason)"}}"#)
  }

  private final class Pauses: Sendable {
    let list = Mutex<[Double]>([])
  }

  private func engine(
    _ server: FakeHTTPServer, key: String = "AKIATEST0001:verysecretaccesskey",
    vocabulary: String? = nil
  ) throws -> (engine: RemoteEngine, directory: TemporaryDirectory, pauses: Pauses) {
    let directory = try TemporaryDirectory()
    var configuration = EngineConfiguration(name: "tested", kind: .amazon)
    (configuration.url, configuration.s3URL) = (server.url, server.url + "/b")
    (configuration.region, configuration.bucket) = ("eu-central-1", "b")
    configuration.vocabularyName = vocabulary
    configuration.keyFile = directory.file("key")
    try Data(key.utf8).write(to: URL(fileURLWithPath: directory.file("key")))
    let pauses = Pauses()
    let engine = try RemoteEngine(configuration) { seconds in
      pauses.list.withLock { $0.append(seconds) }
    }
    return (engine, directory, pauses)
  }

  @Test func `a job's whole way, signed, and nothing is left behind`() throws {
    let server = try FakeHTTPServer(.json("{}"))
    server.once("POST /", .json("{}"), job("QUEUED"), job("IN_PROGRESS"), job("COMPLETED"))
    server.once("GET /b", .json(Self.result))
    let (engine, _, pauses) = try engine(server, key: "AKIATEST0001:verysecretaccesskey:session")
    let answer = try engine.recognize(
      Engines.request(Engines.voice(rate: 8_000), languages: ["en"]))
    let requests = server.requests
    let put = try #require(requests.first)
    #expect(put.line.hasPrefix("PUT /b/voicemail-milter-"))
    #expect(put.header("x-amz-server-side-encryption") == "AES256")
    #expect(put.header("x-amz-content-sha256")?.count == 64)
    #expect(put.header("x-amz-security-token") == "session")
    #expect(SentWave(put.body)?.rate == 8_000)
    for request in requests {
      let signature = try #require(request.header("authorization"))
      #expect(signature.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIATEST0001/"))
      #expect(!signature.contains("verysecret"))
      #expect(
        signature.contains("/eu-central-1/\(request.line.contains("/b/") ? "s3" : "transcribe")/"))
      #expect(signature.contains("x-amz-security-token"))
    }
    let name = String(put.path.dropFirst("/b/".count).dropLast(".wav".count))
    #expect(put.header("content-type") == "audio/wav")
    #expect(put.header("expect") == nil)
    #expect(requests[1].header("x-amz-target") == "Transcribe.StartTranscriptionJob")
    #expect(requests[1].header("content-type") == "application/x-amz-json-1.1")
    #expect(
      requests[1].text
        == #"{"LanguageCode":"en-US","Media":{"MediaFileUri":"s3://b/\#(name).wav"},"MediaFormat":"wav","#
        + #""MediaSampleRateHertz":8000,"OutputBucketName":"b","OutputKey":"\#(name).json","#
        + #""TranscriptionJobName":"\#(name)"}"#)
    #expect(requests[2].text == #"{"TranscriptionJobName":"\#(name)"}"#)
    #expect(requests.last?.text == requests[2].text)
    #expect(
      requests.dropFirst(2).map { $0.header("x-amz-target") ?? $0.line } == [
        "Transcribe.GetTranscriptionJob", "Transcribe.GetTranscriptionJob",
        "Transcribe.GetTranscriptionJob", "GET /b/\(name).json", "DELETE /b/\(name).wav",
        "DELETE /b/\(name).json", "Transcribe.DeleteTranscriptionJob",
      ])
    let waits = pauses.list.withLock { $0 }
    #expect(waits.count == 3)
    #expect(zip(waits, [5.0, 3, 5]).allSatisfy { abs($0 - $1) <= $1 * 0.11 }, "\(waits)")

    #expect(answer.segments.map(\.segment.text) == ["Hello.", "Call me"])
    #expect(abs(answer.segments[1].segment.confidence - 0.6) < 1e-9)
    #expect(answer.language == "en-US")
  }

  @Test func `a vocabulary that was uploaded is named where the language is fixed`() throws {
    let server = try FakeHTTPServer(.json("{}"))
    let (engine, _, _) = try engine(server, vocabulary: "voicemail-names")
    for languages in [["en-US"], ["en-US", "de-DE"], []] {
      server.once("POST /", .json("{}"), job("COMPLETED"))
      server.once("GET /b", .json(Self.result))
      // The words themselves are not sent.
      _ = try engine.recognize(Engines.request(languages: languages, vocabulary: ["Yara"]))
    }
    let starts = server.requests.filter {
      $0.header("x-amz-target") == "Transcribe.StartTranscriptionJob"
    }.map(\.text)
    #expect(starts.count == 3)
    #expect(starts[0].contains(#""Settings":{"VocabularyName":"voicemail-names"}"#), "\(starts[0])")
    #expect(starts.dropFirst().allSatisfy { !$0.contains("Settings") }, "\(starts)")
    #expect(!server.requests.contains { $0.text.contains("Yara") })

    server.once(
      "POST /",
      .json(
        #"{"__type":"BadRequestException","Message":"The requested vocabulary couldn't be found."}"#,
        status: 400))
    #expect(
      Engines.failure(engine, Engines.request(Engines.short, languages: ["en-US"]))
        == .administrator(
          "does not take vocabulary_name = voicemail-names (BadRequestException The requested vocabulary couldn't be found.)"
        ))
  }

  @Test func `a failed job is the recording's fault, and is cleaned up`() throws {
    let server = try FakeHTTPServer(.json("{}"))
    server.once("POST /", .json("{}"), job("FAILED", reason: "The media is empty."))
    let (engine, _, _) = try engine(server)
    #expect(Engines.failure(engine) == .audio("failed: The media is empty."))
    #expect(server.requests.filter { $0.method == "DELETE" }.count == 2)
  }

  @Test func `a job that never ends is left in time, and cleaned up`() throws {
    let server = try FakeHTTPServer(job("IN_PROGRESS"))
    let (engine, _, pauses) = try engine(server)
    let start = ContinuousClock.now
    // Nor is another one started, which would be paid as well.
    #expect(
      Engines.refusal(engine, seconds: 1)
        == EngineFailure(.audio, "did not finish in time", mayBePaid: true))
    #expect(start.duration(to: .now) < .seconds(10))
    #expect(pauses.list.withLock { $0.allSatisfy { $0 < 2 } && !$0.isEmpty })
    #expect(
      server.requests.suffix(3).map { $0.header("x-amz-target") ?? $0.method }
        == ["DELETE", "DELETE", "Transcribe.DeleteTranscriptionJob"])
  }

  @Test func `a start that was heard already goes on`() throws {
    let server = try FakeHTTPServer(.json("{}"))
    server.once(
      "POST /", .json(#"{"__type":"ConflictException","Message":"exists"}"#, status: 400),
      job("COMPLETED"))
    server.once("GET /b", .json(Self.result))
    #expect(try engine(server).engine.recognize(Engines.request()).segments.count == 2)
  }

  @Test func `what cannot be cleaned up takes nothing from the text`() throws {
    let server = try FakeHTTPServer(.text("", status: 500))
    server.once("PUT", .json("{}"))
    server.once("POST /", .json("{}"), job("COMPLETED"))
    server.once("GET /b", .json(Self.result))
    #expect(try engine(server).engine.recognize(Engines.request()).segments.count == 2)
  }

  @Test func `a clean-up that hangs holds the text back for seconds, and nothing is left untried`()
    throws
  {
    let server = try FakeHTTPServer(.json("{}"))
    server.once("POST /", .json("{}"), job("COMPLETED"))
    server.once("GET /b", .json(Self.result))
    server.once("DELETE", .hang)
    let request = Engines.request(seconds: 60)
    #expect(try engine(server).engine.recognize(request).segments.count == 2)
    #expect(request.deadline > .now)
    #expect(
      server.requests.suffix(3).map { $0.header("x-amz-target") ?? $0.method }
        == ["DELETE", "DELETE", "Transcribe.DeleteTranscriptionJob"])
  }

  @Test(arguments: ["one", "a:b:c:d"])
  func `a key file of another form is said`(_ key: String) throws {
    let server = try FakeHTTPServer(.json("{}"))
    let error = #expect(throws: EngineFailure.self) { try engine(server, key: key) }
    #expect(
      error
        == .administrator(
          "its key_file must hold ACCESS_KEY_ID:SECRET, and :SESSION_TOKEN where there is one"))
  }
}
