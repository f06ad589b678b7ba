internal import Voicemail

/// What engines that are programs share: how a run's end is understood.
struct ProgramEngine {
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
    let run = ProgramRun(
      command: [program[0]] + arguments + program.dropFirst(), environment: environment,
      memoryBytes: memoryBytes)
    let (end, output, lastLine) = run.run(piece.wave(native: false).bytes, before: piece.deadline)
    let said = lastLine.isEmpty ? "" : ": \(Secret.clean(lastLine, []))"
    switch end {
    case .exited(0): return output
    case .notStarted(let why): throw .administrator("program \(program[0]): \(why)")
    case .exited(let status) where broken.contains(status):
      throw .administrator("program \(program[0]) cannot work (exit status \(status)\(said))")
    // sysexits.h: EX_DATAERR
    case .exited(65): throw .audio("refused the recording\(said)")
    case .exited(let status): throw .retryable("failed (exit status \(status)\(said))")
    case .signal(let number): throw .retryable("was ended by signal \(number)\(said)")
    case .timedOut: throw .retryable("did not answer in time and was killed")
    case .tooLarge: throw .retryable("answered with more than 8 MB and was killed")
    }
  }
}
