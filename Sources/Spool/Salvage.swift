internal import Voicemail

/// Takes what can be read of a damaged spool over into a new one.
///
/// Messages come as they stand, leases too: whoever holds one may still finish it. One whose facts can be read
/// but not its original has failed; one whose enhanced form alone is lost goes out as it came. What was paused stays so, and voicemails that were seen are remembered. History stays
/// behind, in the file that is set aside: it may be long, and mail waits.
struct Salvage {
  let path: String
  let new: Connection
  let nowMS: Int64
  /// Hears of each message that is there, though not whole.
  let notify: (SpoolNotice) -> Void

  init(
    from path: String, into new: Connection, nowMS: Int64, notify: @escaping (SpoolNotice) -> Void
  ) {
    self.path = path
    self.new = new
    self.nowMS = nowMS
    self.notify = notify
  }

  fileprivate struct Table {
    var columns: [String]
    var rows: [[SQLValue]]
  }

  /// How many messages were taken over, and how many could be seen but not read.
  ///
  /// Throws when the new file cannot be written, or the old one is another program's at the moment: then nothing is
  /// known of what could be saved.
  func run() throws(SpoolError) -> (saved: Int, lost: Int) {
    let old = try Connection(unprepared: path)
    try old.run("PRAGMA busy_timeout = 2000")
    var (saved, lost) = (0, 0)
    for id in try ids(old) {
      try new.run("BEGIN IMMEDIATE")
      do throws(SpoolError) {
        let found = try takeOver(id, from: old)
        try new.run("COMMIT")
        if found.isTaken { saved += 1 }
        if let why = found.why { notify(.unreadable(id: id, reason: why)) }
      } catch {
        guard error.isOfMessage else { throw error }
        if new.isInTransaction { try new.run("ROLLBACK") }
        lost += 1
      }
    }
    try takeOver("pause", ["stage", "since_ms", "who"], from: old)
    try takeOver("seen", ["fingerprint", "at_ms"], from: old)
    return (saved, lost)
  }

  /// Rows that stand for themselves, up to the damage from either end.
  private func takeOver(_ table: String, _ columns: [String], from old: Connection)
    throws(SpoolError)
  {
    let names = columns.joined(separator: ", ")
    let places = columns.map { _ in "?" }.joined(separator: ", ")
    var rows: [[SQLValue]] = []
    for direction in ["ASC", "DESC"] {
      try old.each("SELECT \(names) FROM \(table) ORDER BY \(columns[0]) \(direction)") { row in
        rows.append(columns.indices.map { row.value(Int32($0)) })
      }
    }
    try new.run("BEGIN IMMEDIATE")
    for row in rows {
      do throws(SpoolError) {
        try new.run("INSERT OR IGNORE INTO \(table) (\(names)) VALUES (\(places))", list: row)
      } catch {
        guard error.isOfMessage else { throw error }
      }
    }
    try new.run("COMMIT")
  }

  /// Up to the damage from either end, by the table and by the index of its key.
  private func ids(_ old: Connection) throws(SpoolError) -> [String] {
    var found: Set<String> = []
    for order in ["NOT INDEXED ORDER BY rowid", "ORDER BY id"] {
      for direction in ["", " DESC"] {
        try old.each("SELECT id FROM message \(order)\(direction)") { row in
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
      throw SpoolError(
        code: SpoolError.unreadable, "spool \(path): message \(id): nothing is left of it")
    }
    if let state = message["state"]?.text.flatMap(JobState.init(rawValue:)), !state.isOpen {
      return (false, nil)
    }
    let contents = try DeliveryForm.allCases.map { form throws(SpoolError) in
      try Content(of: id, form, in: old)
    }
    let size = message["size_bytes"]?.number ?? 0
    let original = contents.first { $0.form == .original }
    let form = message["form"]?.text.flatMap(DeliveryForm.init(rawValue:))
    let outgoing = contents.first { $0.form == form }
    var why: String?
    var fallsBack = false
    if Int64(original?.bytes ?? 0) != size {
      why = "\(original?.bytes ?? 0) of its \(size) bytes are left"
    } else if message["stage"]?.text == JobStage.delivery.rawValue, let outgoing, !outgoing.isWhole
    {
      // A reply's original has been delivered.
      if form == .reply { why = "its reply cannot be read whole" } else { fallsBack = true }
    }
    if let why {
      message["state"] = .text(JobState.failed.rawValue)
      message["lease_holder"] = .null
      message["reason"] = .text(why)
    }
    if fallsBack { message["form"] = .text(DeliveryForm.original.rawValue) }
    try write(message, to: "message")
    try write(recipients, to: "recipient")
    for content in contents where content.isWhole || content.form == .original {
      for (chunk, bytes) in content.rows {
        try new.run(
          "INSERT INTO content (message_id, form, chunk, bytes) VALUES (?, ?, ?, ?)", .text(id),
          .text(content.form.rawValue), .integer(chunk), .blob(bytes[...]))
      }
    }
    // The story is worth less than the message.
    if let story = try readable({ () throws(SpoolError) in
      try read("event", of: id, from: old, key: "message_id")
    }) {
      try write(story, to: "event")
    }
    if let why { try new.event(id, nowMS, "failed: the spool was damaged, \(why)") }
    if fallsBack { try new.event(id, nowMS, Connection.fallsBack) }
    return (true, why)
  }

  /// nil when damage is in the way.
  private func readable<T>(_ body: () throws(SpoolError) -> T) throws(SpoolError) -> T? {
    do throws(SpoolError) {
      return try body()
    } catch {
      guard error.isOfMessage else { throw error }
      return nil
    }
  }

  /// What can be read of one form of a message.
  private struct Content {
    var form: DeliveryForm
    var rows: [(chunk: Int64, bytes: [UInt8])] = []
    var isWhole: Bool { ContentChunks.areWhole(rows.map { ($0.chunk, $0.bytes.count) }) }
    var bytes: Int { rows.map(\.bytes.count).reduce(0, +) }

    init(of id: String, _ form: DeliveryForm, in old: Connection) throws(SpoolError) {
      self.form = form
      var rows: [(Int64, [UInt8])] = []
      try old.each(
        "SELECT chunk, bytes FROM content WHERE message_id = ? AND form = ? ORDER BY chunk",
        .text(id), .text(form.rawValue)
      ) { rows.append(($0.integer(0), $0.blob(1))) }
      self.rows = rows
    }
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
}
