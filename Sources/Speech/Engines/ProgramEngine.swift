internal import Programs
internal import Voicemail

/// What engines that are programs share: how a run's end is understood.
struct ProgramEngine {
  private static let answerBytes = 8 << 20
  /// Of a file that it writes.
  private static let fileBytes = 1 << 30

  let program: [String]
  let memoryBytes: Int

  init(_ configuration: EngineConfiguration) throws(EngineFailure) {
    guard !configuration.program.isEmpty else { throw .administrator("has no program") }
    program = configuration.program
    memoryBytes = configuration.memoryBytes
  }

  /// Its standard output after exit status 0.
  func output(
    _ arguments: [String], environment: [String] = [], _ piece: PieceRequest,
    broken: Set<Int32> = [126, 127]
  ) throws(EngineFailure) -> [UInt8] {
    let outcome = ProgramRun(
      program[0], arguments + program.dropFirst(),
      environment: ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"] + environment,
      limits: .init(memoryBytes: memoryBytes, fileBytes: Self.fileBytes),
      outputBytes: Self.answerBytes
    ).run(piece.wave(native: false).bytes, before: piece.deadline)
    let lastLine = String(decoding: outcome.lastLine, as: UTF8.self)
    let said = lastLine.isEmpty ? "" : ": \(Secret.clean(lastLine, []))"
    switch outcome.end {
    case .exited(0): return outcome.output
    case .notStarted(let why): throw .administrator("program \(program[0]): \(why)")
    case .exited(let status) where broken.contains(status):
      throw .administrator("program \(program[0]) cannot work (exit status \(status)\(said))")
    // sysexits.h: EX_DATAERR
    case .exited(65): throw .audio("refused the recording\(said)")
    case .exited(let status): throw .retryable("failed (exit status \(status)\(said))")
    case .signal(let number): throw .retryable("was ended by signal \(number)\(said)")
    case .timedOut: throw .retryable("did not answer in time and was killed")
    case .wroteTooMuch: throw .retryable("answered with more than 8 MB and was killed")
    }
  }
}
