internal import Voicemail

/// whisper.cpp's `whisper-cli`: a run for each recording, which loads the model each time.
struct WhisperCLI: PieceRecogniser {
  let longestSeconds = 1_800
  let lowConfidence = 0.55

  /// With -ojf.
  private struct Answer: Decodable {
    struct Token: Decodable {
      var text: LooseText?
      var offsets: Offsets?
      var p: LooseNumber?
    }
    struct Offsets: Decodable {
      var from: LooseNumber?
      var to: LooseNumber?
    }
    struct Part: Decodable {
      var offsets: Offsets?
      var text: LooseText?
      var tokens: [Token]?
    }
    struct Result: Decodable { var language: LooseText? }
    var result: Result?
    var transcription: [Part]
  }

  private let program: ProgramEngine
  private let model: String

  init(_ configuration: EngineConfiguration) throws(EngineFailure) {
    program = try ProgramEngine(configuration)
    model = configuration.model ?? ""
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    var arguments = [
      "-m", model, "-f", "-", "-l", LanguageTag.only(piece.languages) ?? "auto", "-np", "-ojf",
      "-of", "-", "-sns",
    ]
    if !piece.vocabulary.isEmpty {
      arguments += ["--prompt", piece.vocabulary.joined(separator: ", ")]
    }
    // 3: the model cannot be loaded. 0 says nothing: audio that cannot be read gives it too, and no JSON.
    let output = try program.output(arguments, piece, broken: [3, 126, 127])
    let answer = try LooseJSON.decode(Answer.self, output)
    return PieceAnswer(
      segments: answer.transcription.map(Self.heard),
      language: answer.result?.language?.value.flatMap(LanguageTag.of))
  }

  private static func heard(_ part: Answer.Part) -> HeardSegment {
    // What is no text: [_BEG_], [_TT_150].
    let tokens = (part.tokens ?? []).filter { $0.text?.value?.hasPrefix("[_") == false }
    let known = tokens.compactMap { $0.p?.value }
    let confidence = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    var words: [(word: Word, tokens: Double)] = []
    for token in tokens {
      let text = token.text?.value ?? ""
      let probability = token.p?.value ?? confidence
      let (from, to) = (
        (token.offsets?.from?.value ?? 0) / 1_000, (token.offsets?.to?.value ?? 0) / 1_000
      )
      if !text.hasPrefix(" "), let last = words.indices.last {
        words[last].word.text += text
        words[last].word.end = to
        words[last].word.confidence += probability
        words[last].tokens += 1
      } else {
        words.append(
          (
            Word(
              text: String(text.drop { $0 == " " }), start: from, end: to, confidence: probability),
            1
          ))
      }
    }
    return HeardSegment(
      Segment(
        start: (part.offsets?.from?.value ?? 0) / 1_000,
        end: (part.offsets?.to?.value ?? 0) / 1_000, text: part.text?.value ?? "",
        confidence: confidence,
        words: words.map { entry in
          var word = entry.word
          word.confidence = min(max(word.confidence / entry.tokens, 0), 1)
          return word
        }.filter { !$0.text.isEmpty }))
  }
}
