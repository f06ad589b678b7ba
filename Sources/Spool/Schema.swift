/// Versions of the tables, kept in SQLite's user_version.
enum Schema {
  static let version: Int64 = 1

  /// Makes the tables of an empty file; refuses a file of a newer program.
  static func prepare(_ connection: Connection) throws(SpoolError) {
    let found = try connection.query("PRAGMA user_version") { $0.integer(0) }.first ?? 0
    switch found {
    case version: return
    case 0:
      let tables = String(decoding: PackageResources.schema_sql, as: UTF8.self)
      try connection.run("BEGIN IMMEDIATE")
      do throws(SpoolError) {
        try connection.script(tables + "PRAGMA user_version = \(version);")
        try connection.run("COMMIT")
      } catch {
        _ = try? connection.run("ROLLBACK")
        throw error
      }
    default:
      throw SpoolError(
        "spool \(connection.path): has schema version \(found), this program knows \(version); "
          + "install the newer voicemail-milter again")
    }
  }
}
