internal import Operations
internal import Spool
internal import Voicemail

/// Answers that need the spool alone: given by the daemon, or by a command itself while no daemon runs.
///
/// A request is the command's own words, without --config; `--from` stands for a reply's `next`.
struct SpoolAnswers {
  let store: JobStore
  /// Whose verbs these are, for the story of a message.
  let who: String
  /// Those a message can be transcribed with.
  let engines: [String]
  /// Told of each change: the verb, and the message unless it was for many.
  var changed: (String, String?) -> Void = { _, _ in }

  /// nil: not a request for the spool.
  func answer(_ request: [String]) -> ControlReply? {
    guard let name = request.first, let syntax = SpoolSyntax.of(name) else { return nil }
    do throws(CommandFailure) {
      return try answer(name, try syntax.parse(request.dropFirst()))
    } catch {
      return ControlReply(status: error.status, content: Array(error.sentence.utf8))
    }
  }

  private func answer(_ name: String, _ arguments: Arguments) throws(CommandFailure) -> ControlReply
  {
    switch name {
    case "list": return try ListReport(arguments, nowMS: Clock.nowMS()).page(of: store)
    case "show": return try show(arguments)
    case "cat": return try cat(arguments)
    case "pause", "resume": return try pause(name, arguments)
    case "flush": return try tryAll(heldToo: false)
    case "retry" where arguments.has("--all"): return try tryAll(heldToo: true)
    case "deliver": return try apply(.deliverOriginal, arguments)
    case "requeue": return try apply(.transcribeAgain, arguments)
    default:
      guard let verb = AdministratorVerb(rawValue: name) else {
        throw CommandFailure("unknown request")
      }
      return try apply(verb, arguments)
    }
  }

  // MARK: - Looking

  private func show(_ arguments: Arguments) throws(CommandFailure) -> ControlReply {
    let id = try resolve(arguments.operands[0])
    guard let details = try spool({ () throws(SpoolError) in try store.details(id) }) else {
      throw Self.noSuch(id)
    }
    return ControlReply(
      arguments.has("--json") ? JSONText.line(details) : ShowReport.text(details))
  }

  /// One chunk of the content; `--from ID/NUMBER` asks for another.
  private func cat(_ arguments: Arguments) throws(CommandFailure) -> ControlReply {
    let form = arguments.has("--enhanced") ? DeliveryForm.enhanced : .original
    var (id, chunk) = ("", 0)
    if let from = try arguments.one("--from") {
      let parts = from.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let number = PageNumber(parts[1]) else {
        throw CommandFailure("--from '\(Output.safe(from))' is no page")
      }
      (id, chunk) = (String(parts[0]), number.value)
    } else {
      id = try resolve(arguments.operands[0])
    }
    let found = try spool { [id, chunk] () throws(SpoolError) in
      let found = try store.content(of: id, form: form, chunk: chunk)
      // What goes out may be a message of its own.
      guard found == nil, form == .enhanced else { return found }
      return try store.content(of: id, form: .reply, chunk: chunk)
    }
    guard let found else { throw CommandFailure("\(id) \(try whyEmpty(id, form, chunk))") }
    return ControlReply(content: found.bytes, next: found.isLast ? nil : "\(id)/\(chunk + 1)")
  }

  private func whyEmpty(_ id: String, _ form: DeliveryForm, _ chunk: Int) throws(CommandFailure)
    -> String
  {
    let job = try spool { () throws(SpoolError) in try store.details(id) }
    return switch job?.state {
    case .delivered where chunk > 0: "was delivered meanwhile, and its content erased"
    case .delivered: "has been delivered, and its content erased"
    case .deleted: "has been deleted, and its content erased"
    default:
      form == .enhanced ? "has no enhanced form, or not yet" : "has no content left: it is damaged"
    }
  }

  // MARK: - Changing

  private func apply(_ verb: AdministratorVerb, _ arguments: Arguments) throws(CommandFailure)
    -> ControlReply
  {
    let id = try resolve(arguments.operands[0])
    let reason = try arguments.one("--reason")
    let engine = try arguments.one("--engine")
    if let engine, !engines.contains(engine) {
      throw CommandFailure(
        "no engine '\(Output.safe(engine))'; there are \(engines.joined(separator: ", "))")
    }
    let outcome = try spool { () throws(SpoolError) in
      try store.apply(
        verb, to: id, who: who, reason: reason, engine: engine, nowMS: Clock.nowMS())
    }
    switch outcome {
    case .noSuchMessage: throw Self.noSuch(id)
    case .refused(let why): throw CommandFailure("\(id) \(why)")
    case .done(let was, let now):
      changed(verb.rawValue, id)
      var way = was == now ? now.rawValue : "\(was.rawValue) -> \(now.rawValue)"
      if verb == .deliverOriginal { way += ", goes out as it came" }
      return ControlReply("\(id): \(way)\(try remark(on: now))\n")
    }
  }

  /// A message that does not move although it was told to must not be a riddle.
  private func remark(on state: JobState) throws(CommandFailure) -> String {
    let stage: JobStage? =
      switch state {
      case .waiting: .transcription
      case .ready: .delivery
      default: nil
      }
    let pauses = try spool { () throws(SpoolError) in try store.pauses() }
    guard let stage, pauses.contains(where: { $0.stage == stage }) else { return "" }
    return " (\(stage.rawValue) is paused)"
  }

  private func tryAll(heldToo: Bool) throws(CommandFailure) -> ControlReply {
    let count = try spool { () throws(SpoolError) in
      try store.retryAll(heldToo: heldToo, who: who, nowMS: Clock.nowMS())
    }
    changed(heldToo ? "retry --all" : "flush", nil)
    let what = count == 1 ? "1 message is" : "\(count) messages are"
    return ControlReply("\(what) tried again now\(try remark(on: .ready))\n")
  }

  private func pause(_ name: String, _ arguments: Arguments) throws(CommandFailure) -> ControlReply
  {
    guard let stage = JobStage(rawValue: arguments.operands[0]) else {
      throw .usage("\(name) what? transcription or delivery")
    }
    let isNew = try spool { () throws(SpoolError) in
      name == "pause"
        ? try store.pause(stage, who: who, nowMS: Clock.nowMS()) : try store.resume(stage)
    }
    if isNew { changed("\(name) \(stage.rawValue)", nil) }
    let state = name == "pause" ? "paused" : "running"
    return ControlReply("\(stage.rawValue) \(isNew ? "is \(state)" : "was \(state) already")\n")
  }

  // MARK: - Finding

  /// The only message whose id begins so.
  private func resolve(_ prefix: String) throws(CommandFailure) -> String {
    let found = try spool { () throws(SpoolError) in try store.find(prefix) }
    if found.contains(prefix) { return prefix }
    guard let first = found.first else { throw Self.noSuch(prefix) }
    guard found.count == 1 else {
      throw .noMessage(
        "\(Output.safe(prefix)) is ambiguous: \(found.prefix(5).joined(separator: ", "))"
          + (found.count > 5 ? " ..." : ""))
    }
    return first
  }

  private static func noSuch(_ id: String) -> CommandFailure {
    .noMessage("no message \(Output.safe(id)) in the spool")
  }
}

/// A failure of the spool as a command tells it.
func spool<T>(_ body: () throws(SpoolError) -> T) throws(CommandFailure) -> T {
  do throws(SpoolError) {
    return try body()
  } catch {
    throw CommandFailure(error.sentence)
  }
}
