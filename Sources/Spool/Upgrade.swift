/// Makes an older file's tables those of a schema.
///
/// What the file has is compared with what the schema says. A table that differs is rebuilt by SQLite's own procedure
/// (sqlite.org/lang_altertable.html#otheralter) with the columns that both have, and the schema's defaults in the
/// others. A table that does not differ is not touched: recordings are never copied.
struct Upgrade {
  fileprivate struct Object {
    var type: String
    var name: String
    var sql: String
    /// In the schema's words, without what SQLite does not read.
    var words: String
  }

  private let wanted: [Object]
  private let columns: [String: [String]]

  init(to schema: Schema) throws(SpoolError) {
    let model = try Connection(unprepared: ":memory:")
    try model.script(schema.sql)
    wanted = try model.objects()
    var columns: [String: [String]] = [:]
    for table in wanted where table.type == "table" {
      columns[table.name] = try model.columns(of: table.name)
    }
    self.columns = columns
  }

  /// Inside a transaction, with foreign keys off.
  func run(on connection: Connection) throws(SpoolError) {
    // Triggers go first: rows that are copied must not be counted again, and a renaming reads them all.
    for old in try connection.objects() where old.type != "table" {
      let new = wanted.first { $0.name == old.name }
      guard old.type == "trigger" || new?.words != old.words else { continue }
      try connection.script("DROP \(old.type) \(old.name.quoted)")
    }
    var present = try connection.objects()
    for table in wanted where table.type == "table" {
      guard let old = present.first(where: { $0.name == table.name }) else { continue }
      if old.words != table.words { try rebuild(table, on: connection) }
    }
    present = try connection.objects()
    for object in wanted where !present.contains(where: { $0.name == object.name }) {
      try connection.script(object.sql)
    }
    // Pages of the tables that were.
    connection.hasErased = true
  }

  private func rebuild(_ table: Object, on connection: Connection) throws(SpoolError) {
    let old = try connection.columns(of: table.name)
    let both = (columns[table.name] ?? []).filter(old.contains).joined(separator: ", ")
    // SQLite keeps a statement as it was written, but for its beginning.
    let name = table.name + "_new"
    let definition = table.sql.dropFirst("CREATE TABLE \(table.name)".count)
    try connection.script("CREATE TABLE \(name)\(definition)")
    try connection.script("INSERT INTO \(name) (\(both)) SELECT \(both) FROM \(table.name)")
    // The other way round, SQLite would have the children refer to the table that goes.
    try connection.script("DROP TABLE \(table.name)")
    try connection.script("ALTER TABLE \(name) RENAME TO \(table.name)")
  }
}

extension Connection {
  /// Tables, indexes and triggers that a schema has made, in its order.
  fileprivate func objects() throws(SpoolError) -> [Upgrade.Object] {
    try query("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid") {
      let sql = $0.text(2) ?? ""
      return Upgrade.Object(
        type: $0.text(0) ?? "", name: $0.text(1) ?? "", sql: sql, words: sql.withoutRemarks)
    }
  }

  func columns(of table: String) throws(SpoolError) -> [String] {
    try query("SELECT name FROM pragma_table_info(?)", .text(table)) { $0.text(0) ?? "" }
  }
}

extension String {
  fileprivate var quoted: String { "\"" + replacing("\"", with: "\"\"") + "\"" }

  /// Without remarks, line ends, and the quotation marks of a renaming.
  fileprivate var withoutRemarks: String {
    split(separator: "\n").flatMap { line in
      let end = line.firstRange(of: "--")?.lowerBound ?? line.endIndex
      return line[..<end].split(whereSeparator: \.isWhitespace)
    }.joined(separator: " ").replacing("\"", with: "")
  }
}
