internal import CSQLite

/// A value as SQLite stores it.
enum SQLValue: Sendable {
  case null
  case integer(Int64)
  case text(String)
  case blob(ArraySlice<UInt8>)

  static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
  static func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
}

/// One SQLite connection with its prepared statements.
///
/// Not Sendable: `CommitQueue` owns the only one and uses it from one thread at a time, which is what
/// SQLite 3.40's WAL-reset bug (sqlite.org/wal.html#walresetbug) asks for: one writer, one process.
@safe final class Connection {
  private let handle: OpaquePointer
  private var statements: [String: OpaquePointer] = unsafe [:]
  let path: String
  /// Content was erased since the last checkpoint: the write-ahead log still holds it.
  var hasErased = false
  /// Why nothing new may be written: it would not survive this process.
  var noReception: SpoolError?

  /// Where SQLite notes the length of the log.
  private let logLength: UnsafeMutablePointer<Int32>

  /// How long another program's lock is waited for; the MTA waits meanwhile.
  private static let patienceMS = 2_000

  /// Opens or makes the file and sets what durability and privacy need, reading each back.
  convenience init(path: String) throws(SpoolError) {
    try self.init(opening: path)
    try configure()
  }

  /// Opens a file that must not be changed more than needed to read it, or `:memory:`.
  convenience init(unprepared path: String) throws(SpoolError) { try self.init(opening: path) }

  private init(opening path: String) throws(SpoolError) {
    var opened: OpaquePointer?
    // C: sqlite3_open_v2. NOMUTEX: CommitQueue serialises.
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened = unsafe opened else {
      let words = unsafe Self.words(of: opened)
      unsafe sqlite3_close_v2(opened)
      throw SpoolError(code: code, "spool \(path): cannot be opened: \(words)")
    }
    unsafe handle = opened
    unsafe logLength = .allocate(capacity: 1)
    unsafe logLength.initialize(to: 0)
    self.path = path
    unsafe sqlite3_extended_result_codes(opened, 1)
  }

  deinit {
    unsafe statements.values.forEach { _ = unsafe sqlite3_finalize($0) }
    unsafe sqlite3_close_v2(handle)
    unsafe logLength.deallocate()
  }

  private func configure() throws(SpoolError) {
    // In place of the automatic checkpoint, which lets the commit that meets it wait for two more syncs.
    unsafe sqlite3_wal_hook(handle, noteLogLength, logLength)
    // auto_vacuum first: it takes effect only before the first table.
    let wanted: [(set: String, read: String, value: String)] = [
      ("busy_timeout = \(Self.patienceMS)", "busy_timeout", "\(Self.patienceMS)"),
      ("auto_vacuum = INCREMENTAL", "auto_vacuum", "2"),
      ("journal_mode = WAL", "journal_mode", "wal"),
      ("synchronous = FULL", "synchronous", "2"),
      ("secure_delete = ON", "secure_delete", "1"),
      ("foreign_keys = ON", "foreign_keys", "1"),
      ("mmap_size = 0", "mmap_size", "0"),
    ]
    for pragma in wanted {
      try run("PRAGMA \(pragma.set)")
      let found = try query("PRAGMA \(pragma.read)") { $0.text(0) ?? "" }
      // mmap_size answers nothing where SQLite is built without it.
      guard found.first ?? pragma.value == pragma.value else {
        throw SpoolError(
          "spool \(path): PRAGMA \(pragma.read) is \(found.first ?? "nothing"), must be "
            + "\(pragma.value); is the file system read-only or shared?")
      }
    }
  }

  /// Brings the log's pages into the file, and cuts it if so asked. Whether another program is in the way, which is not
  /// waited for. C: `PRAGMA wal_checkpoint`
  func checkpoint(cutting: Bool) throws(SpoolError) -> Bool {
    try run("PRAGMA busy_timeout = 0")
    let result = Result { () throws(SpoolError) in
      try query("PRAGMA wal_checkpoint(\(cutting ? "TRUNCATE" : "PASSIVE"))") { $0.integer(0) }
    }
    try run("PRAGMA busy_timeout = \(Self.patienceMS)")
    return try result.get().first != 0
  }

  /// Pages in the write-ahead log that are not in the file yet, or were so at the last commit.
  var pagesInLog: Int { unsafe Int(logLength.pointee) }
  func noteWrittenBack() { unsafe logLength.pointee = 0 }

  /// Rows that have been changed since the connection was opened. C: `sqlite3_total_changes64`
  var totalChanges: Int64 { unsafe sqlite3_total_changes64(handle) }

  /// False after SQLite has rolled back by itself. C: `sqlite3_get_autocommit`
  var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

  /// Runs a statement for its effect; the number of rows it changed.
  @discardableResult
  func run(_ sql: String, _ values: SQLValue...) throws(SpoolError) -> Int {
    _ = try execute(sql, values) { _ in }
    return Int(unsafe sqlite3_changes(handle))
  }

  /// The same with the values in a list.
  func run(_ sql: String, list values: [SQLValue]) throws(SpoolError) {
    _ = try execute(sql, values) { _ in }
  }

  /// Runs several statements without values: a schema.
  func script(_ sql: String) throws(SpoolError) {
    // C: sqlite3_exec
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code, sql) }
  }

  /// All rows of a query.
  func query<T>(_ sql: String, _ values: SQLValue..., row: (Row) -> T) throws(SpoolError) -> [T] {
    try execute(sql, values, row: row)
  }

  /// The same with the values in a list.
  func query<T>(_ sql: String, list values: [SQLValue], row: (Row) -> T) throws(SpoolError) -> [T] {
    try execute(sql, values, row: row)
  }

  /// Rows until the first that damage makes unreadable; other errors are thrown.
  func each(_ sql: String, _ values: SQLValue..., row: (Row) -> Void) throws(SpoolError) {
    do throws(SpoolError) {
      _ = try execute(sql, values, row: row)
    } catch {
      guard error.isOfMessage else { throw error }
    }
  }

  private func execute<T>(_ sql: String, _ values: [SQLValue], row: (Row) -> T) throws(SpoolError)
    -> [T]
  {
    let statement = unsafe try prepare(sql)
    // Reset also after an error, else the statement keeps its lock; its code repeats step's.
    defer {
      unsafe sqlite3_reset(statement)
      unsafe sqlite3_clear_bindings(statement)
    }
    for (index, value) in values.enumerated() {
      let code = unsafe bind(value, to: statement, at: Int32(index + 1))
      guard code == SQLITE_OK else { throw failure(code, sql) }
    }
    var rows: [T] = []
    while true {
      let code = unsafe sqlite3_step(statement)
      switch code {
      case SQLITE_ROW: rows.append(row(unsafe Row(statement: statement)))
      case SQLITE_DONE: return rows
      default: throw failure(code, sql)
      }
    }
  }

  private func prepare(_ sql: String) throws(SpoolError) -> OpaquePointer {
    if let known = unsafe statements[sql] { return unsafe known }
    var statement: OpaquePointer?
    let code = unsafe sqlite3_prepare_v3(
      handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement = unsafe statement else { throw failure(code, sql) }
    unsafe statements[sql] = statement
    return unsafe statement
  }

  private func bind(_ value: SQLValue, to statement: OpaquePointer, at index: Int32) -> Int32 {
    // SQLITE_TRANSIENT is a cast macro Swift does not import: SQLite copies the bytes at once.
    let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch value {
    case .null: return unsafe sqlite3_bind_null(statement, index)
    case .integer(let number): return unsafe sqlite3_bind_int64(statement, index, number)
    case .text(let text):
      var copy = text
      return copy.withUTF8 { bytes in
        unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
          unsafe sqlite3_bind_text(
            statement, index, characters.baseAddress, Int32(clamping: characters.count), transient)
        }
      }
    case .blob(let bytes):
      guard !bytes.isEmpty else { return unsafe sqlite3_bind_zeroblob(statement, index, 0) }
      return unsafe bytes.withUnsafeBytes { buffer in
        unsafe sqlite3_bind_blob64(
          statement, index, buffer.baseAddress, UInt64(buffer.count), transient)
      }
    }
  }

  /// One line: of a damaged schema SQLite quotes the whole statement. C: `sqlite3_errmsg`
  private static func words(of handle: OpaquePointer?) -> String {
    let words = unsafe String(cString: sqlite3_errmsg(handle))
    return String(words.prefix { !$0.isNewline }.prefix(200))
  }

  private func failure(_ code: Int32, _ sql: String) -> SpoolError {
    let words = unsafe Self.words(of: handle)
    let verb = sql.split(whereSeparator: \.isWhitespace).prefix(3).joined(separator: " ")
    return SpoolError(code: code, "spool \(path): \(verb) ...: \(words) (code \(code))")
  }
}

/// C: the callback of `sqlite3_wal_hook`, on the thread that commits.
private func noteLogLength(
  _ length: UnsafeMutableRawPointer?, _: OpaquePointer?, _: UnsafePointer<CChar>?, _ pages: Int32
) -> Int32 {
  unsafe length?.assumingMemoryBound(to: Int32.self).pointee = pages
  return SQLITE_OK
}

/// The current row of a query; valid inside the closure it is given to.
@safe struct Row {
  private let statement: OpaquePointer

  init(statement: OpaquePointer) { unsafe self.statement = unsafe statement }

  func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(statement, column) }

  func isNull(_ column: Int32) -> Bool {
    unsafe sqlite3_column_type(statement, column) == SQLITE_NULL
  }

  /// A copy, of whatever type.
  func value(_ column: Int32) -> SQLValue {
    switch unsafe sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: .integer(integer(column))
    case SQLITE_TEXT: .text(text(column) ?? "")
    case SQLITE_BLOB: .blob(blob(column)[...])
    default: .null
    }
  }

  func text(_ column: Int32) -> String? {
    guard let bytes = unsafe sqlite3_column_text(statement, column) else { return nil }
    let count = Int(unsafe sqlite3_column_bytes(statement, column))
    return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  func blob(_ column: Int32) -> [UInt8] {
    let count = Int(unsafe sqlite3_column_bytes(statement, column))
    guard let bytes = unsafe sqlite3_column_blob(statement, column) else { return [] }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
  }
}
