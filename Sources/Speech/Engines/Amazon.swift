internal import Voicemail

/// Amazon Transcribe: the recording goes into a bucket, a job is started and asked after, its result is fetched from
/// the bucket, and recording, result and job are deleted.
struct Amazon: PieceRecogniser {
  /// Hours are taken.
  let longestSeconds = 7_200
  let lowConfidence = 0.6

  private struct Start: Encodable {
    struct Media: Encodable { var MediaFileUri: String }
    struct JobSettings: Encodable { var VocabularyName: String }
    var TranscriptionJobName: String
    var LanguageCode: String?
    var IdentifyLanguage: Bool?
    var LanguageOptions: [String]?
    var MediaFormat = "wav"
    var MediaSampleRateHertz: Int
    var Media: Media
    var OutputBucketName: String
    var OutputKey: String
    var Settings: JobSettings?
  }
  private struct Name: Encodable { var TranscriptionJobName: String }
  private struct JobAnswer: Decodable {
    struct Job: Decodable {
      var TranscriptionJobStatus: LooseText?
      var FailureReason: LooseText?
    }
    var TranscriptionJob: Job
  }
  private struct Refusal: Decodable {
    var __type: LooseText?
    var message: LooseText?
    var Message: LooseText?
  }
  struct Result: Decodable {
    struct Alternative: Decodable {
      var confidence: LooseNumber?
      var content: LooseText?
    }
    struct Item: Decodable {
      var type: LooseText?
      var startTime: LooseNumber?
      var endTime: LooseNumber?
      var alternatives: [Alternative]?
    }
    struct Results: Decodable {
      var items: [Item]?
      var languageCode: LooseText?
    }
    var results: Results
  }

  private let service: RemoteService
  private let bucketURL: String
  private let bucket: String
  private let region: String
  private let keyID: String
  private let secret: String
  private let session: String?
  private let vocabularyName: String?
  private let pause: (Double) -> Void
  /// After so many in a row without an answer, the job is given up.
  private static let questions = 3
  /// What it calls otherwise than `LanguageTag` does.
  private static let languageNames = ["nb-NO": "no-NO", "cy-GB": "cy-WL", "fil-PH": "tl-PH"]
  private static let cleanUpLimit = Duration.seconds(5)
  /// Of each of its requests, also where no time is left: together they stay within a second of the deadline.
  private static let shortestTurn = Duration.milliseconds(300)
  /// What must not be told.
  private var secrets: [String] { [secret, session ?? "", keyID].filter { !$0.isEmpty } }

  /// `pause`: lets that many seconds pass between questions.
  init(_ configuration: EngineConfiguration, pause: @escaping (Double) -> Void)
    throws(EngineFailure)
  {
    region = configuration.region ?? ""
    bucket = configuration.bucket ?? ""
    service = try RemoteService(
      configuration, standardURL: "https://transcribe.\(region).amazonaws.com")
    let standard = "https://\(bucket).s3.\(region).amazonaws.com"
    let url = configuration.s3URL ?? standard
    bucketURL = url.hasSuffix("/") ? String(url.dropLast()) : url
    let parts = (service.key ?? "").split { $0 == ":" || $0.isWhitespace }.map(String.init)
    guard parts.count == 2 || parts.count == 3 else {
      throw .administrator(
        "its key_file must hold ACCESS_KEY_ID:SECRET, and :SESSION_TOKEN where there is one")
    }
    (keyID, secret) = (parts[0], parts[1])
    session = parts.count == 3 ? parts[2] : nil
    vocabularyName = configuration.vocabularyName
    self.pause = pause
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    let name =
      "voicemail-milter-\(UInt64.random(in: .min ... .max))-\(UInt64.random(in: .min ... .max))"
    // The last tenth is for the clean-up, 5 s at most.
    let left = ContinuousClock.now.duration(to: piece.deadline).inSeconds
    let end = piece.deadline - .milliseconds(Int(min(5, max(0, left) / 10) * 1_000))
    // What was not answered may have been done.
    var isStarted = false
    defer { cleanUp(name, isStarted: isStarted, before: piece.deadline) }
    let wave = piece.wave()
    _ = try s3(
      "PUT", "/\(name).wav", wave.bytes, [("x-amz-server-side-encryption", "AES256")], before: end)
    isStarted = true
    try start(name, wave, piece, before: end)
    try awaitEnd(name, before: end)
    let body: [UInt8]
    do throws(EngineFailure) {
      body = try s3("GET", "/\(name).json", nil, [], before: end)
    } catch {
      var failure = error
      failure.mayBePaid = true
      throw failure
    }
    return Self.answer(try LooseJSON.decode(Result.self, body))
  }

  private func start(
    _ name: String, _ wave: WaveFile, _ piece: PieceRequest, before end: ContinuousClock.Instant
  ) throws(EngineFailure) {
    var order = Start(
      TranscriptionJobName: name, MediaSampleRateHertz: wave.sampleRateHz,
      Media: .init(MediaFileUri: "s3://\(bucket)/\(name).wav"), OutputBucketName: bucket,
      OutputKey: "\(name).json")
    let languages = piece.languages.map { LanguageTag.regional($0, Self.languageNames) }
    if languages.count == 1 {
      order.LanguageCode = languages[0]
      // It is of one language, and a job that has to find its own takes none here.
      order.Settings = vocabularyName.map { .init(VocabularyName: $0) }
    } else {
      order.IdentifyLanguage = true
      order.LanguageOptions = languages.isEmpty ? nil : languages
    }
    _ = try job("StartTranscriptionJob", order, before: end)
  }

  private func awaitEnd(_ name: String, before end: ContinuousClock.Instant)
    throws(EngineFailure)
  {
    var failures = 0
    let unfinished = "did not finish in time"
    var why = unfinished
    // Jobs take seconds at least; workers must not ask in step.
    for wait in [5.0, 3, 5, 8] + Array(repeating: 12.0, count: 1_000) {
      let left = ContinuousClock.now.duration(to: end).inSeconds
      guard left > 0.2 else { break }
      pause(min(left / 2, wait * Double.random(in: 0.9...1.1)))
      do throws(EngineFailure) {
        if try isDone(name, before: end) { return }
        (failures, why) = (0, unfinished)
      } catch {
        // The job goes on, and is paid, whether or not a question was answered.
        failures += 1
        guard error.kind == .retryable, failures < Self.questions else {
          var failure = error
          // A job that failed is not paid.
          if error.kind != .audio { failure.mayBePaid = true }
          throw failure
        }
        why = error.sentence
      }
    }
    // No second one is started: the first is paid in any case.
    throw EngineFailure(.audio, why, mayBePaid: true)
  }

  private func isDone(_ name: String, before end: ContinuousClock.Instant) throws(EngineFailure)
    -> Bool
  {
    let body = try job("GetTranscriptionJob", Name(TranscriptionJobName: name), before: end)
    let answer = try LooseJSON.decode(JobAnswer.self, body).TranscriptionJob
    guard answer.TranscriptionJobStatus?.value == "FAILED" else {
      return answer.TranscriptionJobStatus?.value == "COMPLETED"
    }
    let reason = Secret.clean(answer.FailureReason?.value ?? "", secrets)
    throw .audio("failed: \(reason.isEmpty ? "no reason" : reason)")
  }

  /// The message waits for it. What is left behind, the bucket's lifecycle rule deletes.
  private func cleanUp(
    _ name: String, isStarted: Bool, before deadline: ContinuousClock.Instant
  ) {
    let end = min(deadline, .now + Self.cleanUpLimit)
    /// One that hangs takes nothing from the `others`.
    func turn(before others: Int) -> ContinuousClock.Instant {
      let now = ContinuousClock.now
      return now + max(now.duration(to: end) / (others + 1), Self.shortestTurn)
    }
    _ = try? s3("DELETE", "/\(name).wav", nil, [], before: turn(before: isStarted ? 2 : 0))
    guard isStarted else { return }
    _ = try? s3("DELETE", "/\(name).json", nil, [], before: turn(before: 1))
    _ = try? job(
      "DeleteTranscriptionJob", Name(TranscriptionJobName: name), before: turn(before: 0))
  }

  // MARK: - Requests

  private func job(
    _ action: String, _ value: some Encodable, before deadline: ContinuousClock.Instant
  )
    throws(EngineFailure) -> [UInt8]
  {
    var request = HTTPRequest(
      "POST", service.url + "/",
      body: .bytes(LooseJSON.encode(value), type: "application/x-amz-json-1.1"))
    request.headers = [("X-Amz-Target", "Transcribe.\(action)")]
    let response = try signed(request, for: "transcribe", before: deadline)
    guard !response.isGood else { return response.body }
    let refusal = try? LooseJSON.decode(Refusal.self, response.body)
    let type = refusal?.__type?.value?.split(separator: "#").last.map(String.init) ?? ""
    // A repeated start: it runs already.
    if type == "ConflictException" { return [] }
    throw failure(response, type, refusal?.message?.value ?? refusal?.Message?.value ?? "")
  }

  /// libcurl signs the hash of an empty body for uploads unless it is given, and S3 wants it in any case.
  private func s3(
    _ method: String, _ address: String, _ body: [UInt8]?, _ headers: [(String, String)],
    before deadline: ContinuousClock.Instant
  ) throws(EngineFailure) -> [UInt8] {
    var request = HTTPRequest(
      method, bucketURL + address, body: body.map { .bytes($0, type: "audio/wav") } ?? .none)
    request.headers =
      [("x-amz-content-sha256", Signatures.sha256(body ?? []))]
      + headers.map { (name: $0.0, value: $0.1) }
    let response = try signed(request, for: "s3", before: deadline)
    guard !response.isGood else { return response.body }
    if response.status == 301 {
      throw .administrator("bucket \(bucket) is in another region than \(region)")
    }
    let text = String(decoding: response.body.prefix(2_000), as: UTF8.self)
    func element(_ name: String) -> String {
      guard let start = text.firstRange(of: "<\(name)>"),
        let end = text[start.upperBound...].firstRange(of: "</\(name)>")
      else { return "" }
      return String(text[start.upperBound..<end.lowerBound])
    }
    throw failure(response, element("Code"), element("Message"))
  }

  private func signed(
    _ request: HTTPRequest, for service: String, before deadline: ContinuousClock.Instant
  ) throws(EngineFailure) -> HTTPResponse {
    var request = request
    request.signing = .init(region: region, service: service, keyID: keyID, secret: secret)
    if let session { request.headers.append(("X-Amz-Security-Token", session)) }
    return try self.service.exchange(request, before: deadline)
  }

  /// Nearly every fault is a 400; the type decides.
  private func failure(_ response: HTTPResponse, _ type: String, _ message: String)
    -> EngineFailure
  {
    let said = Secret.clean("\(type) \(message)", secrets)
    switch type {
    case "ThrottlingException", "LimitExceededException", "InternalFailureException",
      "InternalFailure", "ServiceUnavailable", "SlowDown", "InternalError", "RequestTimeout":
      return .busy("is busy or broken (\(said))", afterSeconds: response.retryAfter)
    case "RequestTimeTooSkewed", "RequestExpired":
      return .administrator("does not believe this host's clock (\(said))")
    case "AccessDenied", "AccessDeniedException", "UnrecognizedClientException",
      "InvalidSignatureException", "SignatureDoesNotMatch", "InvalidAccessKeyId",
      "ExpiredTokenException", "ExpiredToken":
      return .administrator("refuses \(service.keyPlace), or what it may do (\(said))")
    case "NoSuchBucket", "NotFoundException":
      return .administrator("does not know bucket \(bucket) or the job (\(said))")
    case "BadRequestException":
      if let vocabularyName, message.lowercased().contains("vocabulary") {
        return .administrator("does not take vocabulary_name = \(vocabularyName) (\(said))")
      }
      return .audio("refused the request (\(said))")
    case "EntityTooLarge": return .tooLarge("the recording is too large for it (\(said))")
    default:
      return said.isEmpty
        ? service.failure(response, hiding: secrets) : service.failure(response, message: said)
    }
  }

  // MARK: - Result

  /// Punctuation belongs to the word before it; a pause or the end of a sentence ends a segment.
  private static func answer(_ result: Result) -> PieceAnswer {
    var runs: [[Word]] = []
    var endsSentence = true
    for item in result.results.items ?? [] {
      guard let best = item.alternatives?.first, let text = best.content?.value else { continue }
      if item.type?.value == "punctuation" {
        guard let run = runs.indices.last, let last = runs[run].indices.last else { continue }
        runs[run][last].text += text
        endsSentence = [".", "?", "!"].contains(text)
        continue
      }
      let word = Word(
        text: text, start: item.startTime?.value ?? 0, end: item.endTime?.value ?? 0,
        confidence: min(max(best.confidence?.value ?? 0, 0), 1))
      if endsSentence || word.start - (runs.last?.last?.end ?? 0) > 1 { runs.append([]) }
      runs[runs.count - 1].append(word)
      endsSentence = false
    }
    let segments = runs.filter { !$0.isEmpty }.map { words in
      HeardSegment(
        Segment(
          start: words[0].start, end: words[words.count - 1].end,
          text: words.map(\.text).joined(separator: " "),
          confidence: words.map(\.confidence).reduce(0, +) / Double(words.count), words: words))
    }
    return PieceAnswer(
      segments: segments, language: result.results.languageCode?.value.flatMap(LanguageTag.of))
  }
}
