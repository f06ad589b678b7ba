internal import Voicemail

/// A Vosk server (`websocket/asr_server.py` of alphacep/vosk-server): settings, then the recording in chunks, each of
/// which is answered, then its end.
///
/// The vocabulary is not sent. What the server calls `phrase_list` is all that it would hear then: it takes the nearest of
/// those words for everything that is said. And it gets 16 kHz: the small models take nothing slower, and every model takes
/// that.
struct Vosk: PieceRecogniser {
  let longestSeconds = 1_800
  let lowConfidence = 0.6

  /// As its own clients do: 0.2 s.
  private static let chunkBytes = 2 * Recording.sampleRateHz / 5
  /// Compared by the server letter for letter.
  private static let end = #"{"eof" : 1}"#

  private struct Opening: Encodable {
    struct Config: Encodable {
      var sampleRate: Int
      var words = true
      var maxAlternatives = 0

      enum CodingKeys: String, CodingKey {
        case words
        case sampleRate = "sample_rate"
        case maxAlternatives = "max_alternatives"
      }
    }
    var config: Config
  }

  /// Before an utterance is over `partial`, then `text`.
  private struct Answer: Decodable {
    struct TimedWord: Decodable {
      var word: LooseText?
      var start: LooseNumber?
      var end: LooseNumber?
      var conf: LooseNumber?
    }
    var partial: LooseText?
    var text: LooseText?
    var result: [TimedWord]?
  }

  private let service: RemoteService

  init(_ configuration: EngineConfiguration) throws(EngineFailure) {
    service = try RemoteService(configuration)
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    var socket = try service.socket(to: "a Vosk server", before: piece.deadline)
    let wave = piece.wave(native: false)
    let opening = Opening(config: .init(sampleRate: wave.sampleRateHz))
    try socket.send(.text, LooseJSON.encode(opening))
    var segments: [HeardSegment] = []
    var keptBytes = 0
    func take(_ reply: [UInt8]) throws(EngineFailure) {
      guard let heard = try Self.heard(reply) else { return }
      keptBytes += reply.count
      guard keptBytes <= HTTPClient.answerLimit else { throw HTTPClient.tooMuch }
      segments.append(heard)
    }
    var rest = wave.bytes.dropFirst(WaveFile.headerBytes)
    while !rest.isEmpty {
      try socket.send(.binary, rest.prefix(Self.chunkBytes))
      rest = rest.dropFirst(Self.chunkBytes)
      // Unread answers would pile up.
      try take(try socket.receive(service.clean))
    }
    try socket.send(.text, Self.end.utf8)
    try take(try socket.receive(service.clean))
    socket.close()
    return PieceAnswer(segments: segments)
  }

  /// nil while an utterance goes on, and for one without words.
  private static func heard(_ reply: [UInt8]) throws(EngineFailure) -> HeardSegment? {
    let answer = try LooseJSON.decode(Answer.self, reply)
    guard let text = answer.text?.value else {
      guard answer.partial?.value != nil else { throw LooseJSON.broken(reply) }
      return nil
    }
    guard !text.isEmpty else { return nil }
    let words = (answer.result ?? []).map { word in
      Word(
        text: word.word?.value ?? "", start: word.start?.value ?? 0, end: word.end?.value ?? 0,
        confidence: min(max(word.conf?.value ?? 0, 0), 1))
    }
    let confidence =
      words.isEmpty ? 0 : words.reduce(0) { $0 + $1.confidence } / Double(words.count)
    // The server's own filter changes the text and not the words.
    let isSame = words.map(\.text).joined(separator: " ") == text
    return HeardSegment(
      Segment(
        start: words.first?.start ?? 0, end: words.last?.end ?? 0, text: text,
        confidence: confidence, words: isSame ? words : []))
  }
}
