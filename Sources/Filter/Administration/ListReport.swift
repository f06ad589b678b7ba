internal import Operations
internal import Spool
internal import Voicemail

/// What `list` prints: a table for 80 columns, or one JSON object a line.
struct ListReport {
  /// Where the next page begins, and what the pages before it held.
  private struct Mark {
    var id = ""
    var count = 0
    var bytes: Int64 = 0

    init() {}

    init(_ text: String) throws(CommandFailure) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 3, let count = PageNumber(parts[1]), let bytes = PageNumber(parts[2])
      else { throw CommandFailure("--from '\(Output.safe(text))' is no page") }
      (id, self.count, self.bytes) = (String(parts[0]), count.value, Int64(bytes.value))
    }

    var text: String { "\(id)/\(count)/\(bytes)" }
  }

  private static let pageMessages = 200
  /// A message may have thousands of recipients.
  private static let pageBytes = 1 << 20

  private let filter: ListFilter
  private let asJSON: Bool
  private let mark: Mark
  private let nowMS: Int64

  init(_ arguments: Arguments, nowMS: Int64) throws(CommandFailure) {
    self.nowMS = nowMS
    asJSON = arguments.has("--json")
    mark =
      try arguments.one("--from").map { text throws(CommandFailure) in try Mark(text) } ?? Mark()
    var filter = ListFilter(recipient: try arguments.one("--rcpt"))
    for word in arguments.all("--state").flatMap({ $0.split(separator: ",") }) {
      guard let state = JobState(rawValue: String(word)) else {
        let known = JobState.allCases.map(\.rawValue).joined(separator: ", ")
        throw .usage("--state '\(Output.safe(String(word)))' is none of \(known)")
      }
      filter.states.append(state)
    }
    if let age = try arguments.one("--older-than") {
      guard let milliseconds = Settings.milliseconds(of: age) else {
        throw .usage(
          "--older-than '\(Output.safe(age))' must be \(SettingKind.duration.expectation)")
      }
      filter.receivedBeforeMS = nowMS - Int64(milliseconds)
    }
    self.filter = filter
  }

  func page(of store: JobStore) throws(CommandFailure) -> ControlReply {
    var mark = mark
    let jobs = try spool { [mark] () throws(SpoolError) in
      try store.list(filter, after: mark.id, limit: Self.pageMessages)
    }
    var text = asJSON || mark.count > 0 || jobs.isEmpty ? "" : Self.heading
    var isFull = jobs.count == Self.pageMessages
    for job in jobs {
      text += asJSON ? JSONText.line(job) : lines(job)
      mark.id = job.id
      mark.count += 1
      mark.bytes = min(mark.bytes + min(max(job.sizeBytes, 0), 1 << 60), 1 << 60)
      if text.utf8.count > Self.pageBytes {
        isFull = true
        break
      }
    }
    if isFull { return ControlReply(content: Array(text.utf8), next: mark.text) }
    if !asJSON {
      text +=
        mark.count == 0
        ? "no messages\n"
        : "-- \(Output.size(mark.bytes)) in \(mark.count) message\(mark.count == 1 ? "" : "s")\n"
    }
    return ControlReply(text)
  }

  private static let heading =
    Output.left("ID", 14) + "  " + Output.left("STATE", 12) + "  " + Output.right("AGE", 7) + "  "
    + Output.right("SIZE", 9) + "  RECIPIENT\n"

  private func lines(_ job: JobSummary) -> String {
    let open = job.recipients.filter { !$0.delivered }
    let shown = open.isEmpty ? job.recipients : open
    let more = shown.count > 1 ? " +\(shown.count - 1)" : ""
    let start =
      Output.left(job.id, 14) + "  " + Output.left(job.state.rawValue, 12) + "  "
      + Output.right(Output.age(nowMS - job.receivedMS), 7) + "  "
      + Output.right(Output.size(job.sizeBytes), 9) + "  "
    let address = shown.first.map { "<\(Output.safe($0.address))>" } ?? "-"
    let line = start + Output.cut(address, Output.columns - start.count - more.count) + more
    return ([line] + [story(job)].compactMap { $0 }.map { "    " + $0 })
      .map { Output.cut($0, Output.columns) + "\n" }.joined()
  }

  /// `smtp:HOST:PORT at MAIL: ...`: where the listener is stands in `status`, and the line is short.
  private static func withoutPlace(_ reason: String) -> String {
    guard reason.hasPrefix("smtp:") || reason.hasPrefix("unix:"),
      let space = reason.firstIndex(of: " "), reason[space...].hasPrefix(" at ")
    else { return reason }
    return String(reason[space...].dropFirst(" at ".count))
  }

  /// Why it stands there, and for how long.
  private func story(_ job: JobSummary) -> String? {
    let reason = job.reason.map { Output.safe(Self.withoutPlace($0)) } ?? ""
    switch job.state {
    case .deferred:
      let wait = job.dueMS - nowMS
      return (wait > 0 ? "next try in \(Output.age(wait))" : "next try now") + ": " + reason
    case .held: return job.heldBy == nil ? "by the filter: \(reason)" : reason
    case .failed: return reason
    default: return nil
    }
  }
}

/// A number that a page's mark carries from one request to the next. A caller may write what he likes.
struct PageNumber {
  let value: Int

  /// nil: no number, or none that this program has written; there is room above it.
  init?(_ text: Substring) {
    guard let value = Int(text), (0...1 << 60).contains(value) else { return nil }
    self.value = value
  }
}
