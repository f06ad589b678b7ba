internal import Voicemail

/// Amazon Transcribe: the recording goes into a bucket, a job is started and asked after, its result is fetched from
/// the bucket, and recording, result and job are deleted.
struct Amazon: PieceRecogniser {
  /// Hours are taken.
  let longestSeconds = 7_200
  let lowConfidence = 0.6

  private struct Start: Encodable {
    struct Media: Encodable { var MediaFileUri: String }
    var TranscriptionJobName: String
    var LanguageCode: String?
    var IdentifyLanguage: Bool?
    var LanguageOptions: [String]?
    var MediaFormat = "wav"
    var MediaSampleRateHertz: Int
    var Media: Media
    var OutputBucketName: String
    var OutputKey: String
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
  private let pause: (Double) -> Void

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
    self.pause = pause
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    let name =
      "voicemail-milter-\(UInt64.random(in: .min ... .max))-\(UInt64.random(in: .min ... .max))"
    defer { cleanUp(name) }
    let wave = piece.wave()
    _ = try s3(
      "PUT", "/\(name).wav", wave.bytes, [("x-amz-server-side-encryption", "AES256")],
      before: piece.deadline)
    try start(name, wave, piece)
    try awaitEnd(name, before: piece.deadline)
    let body = try s3("GET", "/\(name).json", nil, [], before: piece.deadline)
    return Self.answer(try LooseJSON.decode(Result.self, body))
  }

  private func start(_ name: String, _ wave: WaveFile, _ piece: PieceRequest)
    throws(EngineFailure)
  {
    var order = Start(
      TranscriptionJobName: name, MediaSampleRateHertz: wave.sampleRateHz,
      Media: .init(MediaFileUri: "s3://\(bucket)/\(name).wav"), OutputBucketName: bucket,
      OutputKey: "\(name).json")
    let languages = piece.languages.map(LanguageTag.regional)
    if languages.count == 1 {
      order.LanguageCode = languages[0]
    } else {
      order.IdentifyLanguage = true
      order.LanguageOptions = languages.isEmpty ? nil : languages
    }
    _ = try job("StartTranscriptionJob", order, before: piece.deadline)
  }

  private func awaitEnd(_ name: String, before deadline: ContinuousClock.Instant)
    throws(EngineFailure)
  {
    // Jobs take seconds at least; workers must not ask in step.
    for wait in [5.0, 3, 5, 8] + Array(repeating: 12.0, count: 1_000) {
      let left = ContinuousClock.now.duration(to: deadline).inSeconds
      guard left > 1 else { break }
      pause(min(left - 0.5, wait * Double.random(in: 0.9...1.1)))
      let body = try job(
        "GetTranscriptionJob", Name(TranscriptionJobName: name), before: deadline)
      let answer = try LooseJSON.decode(JobAnswer.self, body).TranscriptionJob
      switch answer.TranscriptionJobStatus?.value {
      case "COMPLETED": return
      case "FAILED":
        throw .audio(
          "failed: \(Secret.clean(answer.FailureReason?.value ?? "no reason", [secret]))")
      default: continue
      }
    }
    throw .retryable("did not finish in time")
  }

  /// What is left behind, the bucket's lifecycle rule deletes.
  private func cleanUp(_ name: String) {
    let deadline = ContinuousClock.now + .seconds(10)
    for address in ["/\(name).wav", "/\(name).json"] {
      _ = try? s3("DELETE", address, nil, [], before: deadline)
    }
    _ = try? job("DeleteTranscriptionJob", Name(TranscriptionJobName: name), before: deadline)
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
    let said = Secret.clean(
      "\(type) \(message)", [secret, session ?? "", keyID].filter { !$0.isEmpty })
    switch type {
    case "ThrottlingException", "LimitExceededException", "InternalFailureException",
      "InternalFailure", "ServiceUnavailable", "SlowDown", "InternalError", "RequestTimeout":
      return .retryable("is busy or broken (\(said))", afterSeconds: response.retryAfter)
    case "RequestTimeTooSkewed", "RequestExpired":
      return .administrator("does not believe this host's clock (\(said))")
    case "AccessDenied", "AccessDeniedException", "UnrecognizedClientException",
      "InvalidSignatureException", "SignatureDoesNotMatch", "InvalidAccessKeyId",
      "ExpiredTokenException", "ExpiredToken", "NoSuchBucket", "NotFoundException":
      return .administrator("refuses the key in its key_file, or what it may do (\(said))")
    case "BadRequestException": return .audio("refused the request (\(said))")
    default:
      return response.status >= 500
        ? .retryable("is busy or broken (\(response.status) \(said))")
        : .administrator("refused the request (\(response.status) \(said))")
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
