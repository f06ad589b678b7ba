/// The tables, and their version, which SQLite's user_version keeps.
struct Schema: Sendable {
  let version: Int64
  /// Makes the tables of an empty file.
  let sql: String

  static let current = Schema(
    version: 3, sql: String(decoding: PackageResources.schema_sql, as: UTF8.self))

  /// Brings a file up to this version; refuses a file of a newer program. `upgrading` hears an older file's version
  /// before anything is changed.
  ///
  /// All of it is one transaction, so a file is always of one version.
  func prepare(_ connection: Connection, upgrading: (Int64) -> Void = { _ in })
    throws(SpoolError)
  {
    let found = try connection.query("PRAGMA user_version") { $0.integer(0) }.first ?? 0
    guard found >= 0, found <= version else {
      throw SpoolError(
        "spool \(connection.path): has schema version \(found), this program knows \(version); "
          + "install the newer voicemail-milter again")
    }
    guard found < version else { return }
    if found > 0 { upgrading(found) }
    // A table that is rebuilt is away for a moment, and its rows' children stay. It has no effect in a transaction.
    try connection.script("PRAGMA foreign_keys = OFF")
    try connection.run("BEGIN IMMEDIATE")
    do throws(SpoolError) {
      if found == 0 {
        try connection.script(sql)
      } else {
        try Upgrade(to: self).run(on: connection)
      }
      try connection.script("PRAGMA user_version = \(version)")
      Failpoint.pass("schema before commit")
      try connection.run("COMMIT")
    } catch {
      if connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
      _ = try? connection.script("PRAGMA foreign_keys = ON")
      throw error
    }
    try connection.script("PRAGMA foreign_keys = ON")
  }
}
