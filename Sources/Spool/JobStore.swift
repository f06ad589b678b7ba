internal import FoundationEssentials
internal import Synchronization
internal import Voicemail

/// The durable queue of voicemails in one SQLite file.
///
/// Every method that changes something returns after its commit is on disk. Callers block: none may run on the
/// Swift cooperative pool. Times are milliseconds since 1970 and come from the caller.
package final class JobStore: Sendable {
  let commits: CommitQueue
  let notify: @Sendable (SpoolNotice) -> Void
  package let path: String
  let clockWatch = Mutex(ClockWatch())

  /// Bytes of one row of content: large enough to be cheap, small enough never to need a message in one piece.
  static let chunkBytes = 256 * 1024

  /// Opens the spool in that directory, which must exist. The daemon also makes it when absent, and sets a damaged
  /// one aside; `notify` hears of the latter, and of what else the spool does by itself.
  package init(
    directory: String, mayCreate: Bool = true,
    notify: @escaping @Sendable (SpoolNotice) -> Void = { _ in }
  ) throws(SpoolError) {
    let file = try SpoolFile(directory: directory, mayRepair: mayCreate, notify: notify)
    self.notify = notify
    path = file.path
    commits = CommitQueue(file)
  }

  /// The file must be closed before another may open it.
  deinit { commits.settle() }

  /// Runs that on the spool's own thread as soon as what is before it is done.
  package func whenFree(_ body: @escaping @Sendable () -> Void) { commits.whenFree(body) }

  /// Takes back every lease: at start-up whoever held one is dead, since the lock is ours.
  ///
  /// Attempts at a transcript count what a recording does to workers. It cannot harm the daemon, so
  /// one that the daemon's end cut off does not count; the deadline bounds the rest.
  package func voidLeases(nowMS: Int64) throws(SpoolError) {
    try commits.perform { connection throws(SpoolError) in
      try connection.takeBack(nowMS: nowMS)
    }
  }
}

extension Connection {
  /// Takes leases back: all of them, or the one of a holder who was told that he has none. That one was no attempt.
  func takeBack(from holder: String? = nil, nowMS: Int64) throws(SpoolError) {
    let leased = try query(
      """
      SELECT id, state FROM message
      WHERE state IN ('transcribing', 'delivering') AND (?1 IS NULL OR lease_holder = ?1)
      """, .optional(holder)
    ) { (id: $0.text(0) ?? "", isDelivery: $0.text(1) == JobState.delivering.rawValue) }
    for (id, isDelivery) in leased {
      try run(
        """
        UPDATE message SET state = ?, lease_holder = NULL, lease_token = lease_token + 1,
          due_ms = ?, worker_attempts = max(worker_attempts - ?, 0),
          delivery_attempts = max(delivery_attempts - ?, 0)
        WHERE id = ?
        """, .text((isDelivery ? JobState.ready : .waiting).rawValue), .integer(nowMS),
        .integer(isDelivery ? 0 : 1), .integer(isDelivery && holder != nil ? 1 : 0), .text(id))
      let work = isDelivery ? JobState.delivering : .transcribing
      let why = holder == nil ? "interrupted by a restart" : "not begun: the disk failed"
      try event(id, nowMS, "\(work.rawValue) \(why)")
    }
  }

  func event(_ id: String, _ atMS: Int64, _ what: String) throws(SpoolError) {
    try run(
      "INSERT INTO event (message_id, at_ms, what) VALUES (?, ?, ?)", .text(id), .integer(atMS),
      .text(what))
  }

  /// The last chunk is shorter than all others, if need be empty: so one that is missing is missed.
  func store(_ bytes: [UInt8], of id: String, as form: DeliveryForm) throws(SpoolError) {
    for chunk in 0...bytes.count / JobStore.chunkBytes {
      let start = chunk * JobStore.chunkBytes
      let end = min(start + JobStore.chunkBytes, bytes.count)
      try run(
        "INSERT INTO content (message_id, form, chunk, bytes) VALUES (?, ?, ?, ?)", .text(id),
        .text(form.rawValue), .integer(chunk), .blob(bytes[start..<end]))
    }
  }

  func content(of id: String, form: DeliveryForm) throws(SpoolError) -> (
    bytes: [UInt8], isWhole: Bool
  ) {
    // Sized first: an array that grows holds the message twice.
    let chunks = try chunks(of: id, form: form)
    var content: [UInt8] = []
    content.reserveCapacity(min(chunks.map(\.bytes).reduce(0, +), 1 << 31))
    _ = try query(
      "SELECT bytes FROM content WHERE message_id = ? AND form = ? ORDER BY chunk", .text(id),
      .text(form.rawValue)
    ) { content += $0.blob(0) }
    return (content, ContentChunks.areWhole(chunks))
  }

  /// In their order; reads no content.
  func chunks(of id: String, form: DeliveryForm) throws(SpoolError) -> [(number: Int64, bytes: Int)]
  {
    try query(
      "SELECT chunk, length(bytes) FROM content WHERE message_id = ? AND form = ? ORDER BY chunk",
      .text(id), .text(form.rawValue)
    ) { (number: $0.integer(0), bytes: Int($0.integer(1))) }
  }
}

enum ContentChunks {
  /// Whether chunks, in their order, are all that `store` made of something. One that an earlier program made of whole
  /// chunks alone counts as cut.
  static func areWhole(_ chunks: [(number: Int64, bytes: Int)]) -> Bool {
    guard let last = chunks.last, last.bytes < JobStore.chunkBytes else { return false }
    return chunks.indices.allSatisfy { index in
      chunks[index].number == Int64(index)
        && (index == chunks.count - 1 || chunks[index].bytes == JobStore.chunkBytes)
    }
  }
}

/// JSON columns: facts that are read and written whole.
enum JSONColumn {
  static func encode(_ value: [String]) throws(SpoolError) -> SQLValue {
    value.isEmpty ? .text("[]") : try encode(any: value)
  }

  static func encode(_ value: some Encodable) throws(SpoolError) -> SQLValue {
    try encode(any: value)
  }

  private static func encode(any value: some Encodable) throws(SpoolError) -> SQLValue {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return .text(String(decoding: try encoder.encode(value), as: UTF8.self))
    } catch {
      throw SpoolError("spool: facts cannot be written as JSON: \(error)")
    }
  }

  /// Null is the policy that is built in.
  static func policy(_ text: String?, of id: String) throws(SpoolError) -> Policy {
    try text.map { text throws(SpoolError) in try decode(Policy.self, text, of: id) } ?? .builtIn
  }

  static func decode<T: Decodable>(_ type: T.Type, _ text: String?, of id: String)
    throws(SpoolError) -> T
  {
    do {
      return try JSONDecoder().decode(type, from: Data((text ?? "").utf8))
    } catch {
      throw SpoolError(code: SpoolError.unreadable, "spool: message \(id): damaged \(type) column")
    }
  }
}
