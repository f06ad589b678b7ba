/// Why a command line or a command's work ended; the sentence goes to standard error.
struct CommandFailure: Error, Equatable {
  /// 1 failed, 2 wrong usage; sysexits.h for the others.
  var status: Int32
  var sentence: String

  init(_ sentence: String) {
    status = 1
    self.sentence = sentence
  }

  private init(usage sentence: String) {
    status = 2
    self.sentence = sentence
  }

  private init(status: Int32, _ sentence: String) {
    (self.status, self.sentence) = (status, sentence)
  }

  /// sysexits.h: EX_UNAVAILABLE.
  static let unavailableStatus: Int32 = 69

  /// EX_NOINPUT: no message has that id, or several.
  static func noMessage(_ sentence: String) -> CommandFailure { .init(status: 66, sentence) }
  /// No daemon where one is needed, or no spool either.
  static func unavailable(_ sentence: String) -> CommandFailure {
    .init(status: unavailableStatus, sentence)
  }
  /// EX_NOPERM.
  static func notPermitted(_ sentence: String) -> CommandFailure { .init(status: 77, sentence) }

  static func usage(_ sentence: String) -> CommandFailure {
    .init(usage: "\(sentence); see voicemail-milter --help")
  }
}

/// The words after a command's name, sorted into options and operands as getopt_long(3) does.
struct Arguments {
  private var values: [String: [String]] = [:]
  private var flags: Set<String> = []
  private(set) var operands: [String] = []

  /// `options` take a value (`--rcpt ADDR` or `--rcpt=ADDR`), `flags` none; all commands know --config.
  init(_ words: some Sequence<String>, options: Set<String> = [], flags known: Set<String> = [])
    throws(CommandFailure)
  {
    let options = options.union(["--config"])
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      if word == "--" {
        operands += rest
        return
      }
      guard word.hasPrefix("-"), word != "-" else {
        operands.append(word)
        continue
      }
      let name = String(word.prefix { $0 != "=" })
      let attached = word.contains("=") ? String(word.dropFirst(name.count + 1)) : nil
      if known.contains(name), attached == nil {
        flags.insert(name)
      } else if options.contains(name) {
        guard let value = attached ?? rest.popFirst() else {
          throw .usage("\(name) needs a value")
        }
        values[name, default: []].append(value)
      } else {
        throw .usage("unknown option \(word)")
      }
    }
  }

  func has(_ flag: String) -> Bool { flags.contains(flag) }

  /// What was said, as words again: all but operands and --config.
  func asked(of syntax: SpoolSyntax) -> [String] {
    flags.sorted()
      + syntax.options.sorted().flatMap { option in
        all(option).flatMap { [option, $0] }
      }
  }

  func all(_ option: String) -> [String] { values[option] ?? [] }

  /// The value of an option that makes sense once only.
  func one(_ option: String) throws(CommandFailure) -> String? {
    guard all(option).count <= 1 else { throw .usage("\(option) stands there twice") }
    return all(option).first
  }

  func requireOperands(_ range: ClosedRange<Int>, _ what: String) throws(CommandFailure) {
    guard operands.count >= range.lowerBound else { throw .usage("\(what) is missing") }
    guard operands.count <= range.upperBound else {
      throw .usage("unexpected '\(operands[range.upperBound])'")
    }
  }
}
