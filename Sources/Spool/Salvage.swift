internal import Voicemail

/// Takes what can be read of a damaged spool over into a new one.
///
/// Messages come as they stand, leases too: whoever holds one may still finish it. One whose facts can be read
/// but not its content has failed. What was paused stays so, and voicemails that were seen are remembered. History stays
/// behind, in the file that is set aside: it may be long, and mail waits.
struct Salvage {
  let path: String
  let new: Connection
  /// Hears of each message that is there, though not whole.
  let notify: (SpoolNotice) -> Void

  init(
    from path: String, into new: Connection, notify: @escaping (SpoolNotice) -> Void
  ) {
    self.path = path
    self.new = new
    self.notify = notify
  }

  fileprivate struct Table {
    var columns: [String]
    var rows: [[SQLValue]]
  }

  /// How many messages were taken over, and how many could be seen but not read.
  func run() -> (saved: Int, lost: Int) {
    guard let old = try? Connection(unprepared: path) else { return (0, 0) }
    var (saved, lost) = (0, 0)
    for id in ids(old) {
      do throws(SpoolError) {
        try new.run("BEGIN IMMEDIATE")
        let found = try takeOver(id, from: old)
        try new.run("COMMIT")
        if found.isTaken { saved += 1 }
        if let why = found.why { notify(.unreadable(id: id, reason: why)) }
      } catch {
        if new.isInTransaction { _ = try? new.run("ROLLBACK") }
        lost += 1
      }
    }
    takeOver("pause", ["stage", "since_ms", "who"], from: old)
    takeOver("seen", ["fingerprint", "at_ms"], from: old)
    return (saved, lost)
  }

  /// Rows that stand for themselves, up to the damage from either end.
  private func takeOver(_ table: String, _ columns: [String], from old: Connection) {
    let names = columns.joined(separator: ", ")
    let places = columns.map { _ in "?" }.joined(separator: ", ")
    _ = try? new.run("BEGIN IMMEDIATE")
    for direction in ["ASC", "DESC"] {
      old.each("SELECT \(names) FROM \(table) ORDER BY \(columns[0]) \(direction)") { row in
        let values = columns.indices.map { row.value(Int32($0)) }
        _ = try? new.run(
          "INSERT OR IGNORE INTO \(table) (\(names)) VALUES (\(places))", list: values)
      }
    }
    _ = try? new.run("COMMIT")
  }

  /// Up to the damage from either end, by the table and by the index of its key.
  private func ids(_ old: Connection) -> [String] {
    var found: Set<String> = []
    for order in ["NOT INDEXED ORDER BY rowid", "ORDER BY id"] {
      for direction in ["", " DESC"] {
        old.each("SELECT id FROM message \(order)\(direction)") { row in
          if let id = row.text(0) { found.insert(id) }
        }
      }
    }
    return found.sorted()
  }

  /// `isTaken`: false for history; `why` it has failed, if so.
  private func takeOver(_ id: String, from old: Connection) throws(SpoolError)
    -> (isTaken: Bool, why: String?)
  {
    var message = try read("message", of: id, from: old, key: "id")
    let recipients = try read("recipient", of: id, from: old, key: "message_id")
    guard !message.rows.isEmpty, !recipients.rows.isEmpty else {
      throw SpoolError("spool \(path): message \(id): nothing is left of it")
    }
    if let state = message["state"]?.text.flatMap(JobState.init(rawValue:)), !state.isOpen {
      return (false, nil)
    }
    var content = Table(columns: [], rows: [])
    var why: String?
    do throws(SpoolError) {
      content = try read("content", of: id, from: old, key: "message_id")
      let left = content.rows.reduce(0) { sum, row in
        let isOriginal = row.contains { $0.text == DeliveryForm.original.rawValue }
        return sum + (isOriginal ? row.map(\.byteCount).reduce(0, +) : 0)
      }
      let size = message["size_bytes"]?.number ?? 0
      if Int64(left) != size { why = "\(left) of its \(size) bytes are left" }
    } catch {
      why = error.sentence
    }
    if let why {
      message["state"] = .text(JobState.failed.rawValue)
      message["lease_holder"] = .null
      message["reason"] = .text(why)
    }
    try write(message, to: "message")
    try write(recipients, to: "recipient")
    try write(content, to: "content")
    // The story is worth less than the message.
    if let story = try? read("event", of: id, from: old, key: "message_id") {
      try write(story, to: "event")
    }
    return (true, why)
  }

  private func read(_ table: String, of id: String, from old: Connection, key: String)
    throws(SpoolError) -> Table
  {
    // An older file has not all of them.
    let present = try old.columns(of: table)
    let columns = try new.columns(of: table).filter(present.contains)
    let rows = try old.query(
      "SELECT \(columns.joined(separator: ", ")) FROM \(table) WHERE \(key) = ?", .text(id)
    ) { row in (0..<Int32(columns.count)).map { row.value($0) } }
    return Table(columns: columns, rows: rows)
  }

  private func write(_ table: Table, to name: String) throws(SpoolError) {
    let places = table.columns.map { _ in "?" }.joined(separator: ", ")
    for row in table.rows {
      try new.run(
        "INSERT INTO \(name) (\(table.columns.joined(separator: ", "))) VALUES (\(places))",
        list: row)
    }
  }
}

extension Salvage.Table {
  /// A column of its first row.
  fileprivate subscript(_ column: String) -> SQLValue? {
    get { columns.firstIndex(of: column).flatMap { rows.first?[$0] } }
    set {
      if let index = columns.firstIndex(of: column), !rows.isEmpty {
        rows[0][index] = newValue ?? .null
      }
    }
  }
}

extension SQLValue {
  fileprivate var text: String? { if case .text(let text) = self { text } else { nil } }
  fileprivate var number: Int64? { if case .integer(let number) = self { number } else { nil } }
  fileprivate var byteCount: Int { if case .blob(let bytes) = self { bytes.count } else { 0 } }
}
