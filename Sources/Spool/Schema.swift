/// Versions of the tables, kept in SQLite's user_version.
struct Schema: Sendable {
  /// What leads from one version to the next: step 1 makes the tables of an empty file.
  let steps: [String]
  var version: Int64 { Int64(steps.count) }

  static let current = Schema(steps: [
    String(decoding: PackageResources.schema_sql, as: UTF8.self)
  ])

  /// Brings a file up to this program's version, a step at a time; refuses a file of a newer program.
  ///
  /// Each step is one transaction, so a file is always of one version.
  func prepare(_ connection: Connection) throws(SpoolError) {
    let found = try connection.query("PRAGMA user_version") { $0.integer(0) }.first ?? 0
    guard found >= 0, found <= version else {
      throw SpoolError(
        "spool \(connection.path): has schema version \(found), this program knows \(version); "
          + "install the newer voicemail-milter again")
    }
    for (number, step) in steps.enumerated().dropFirst(Int(found)) {
      try connection.run("BEGIN IMMEDIATE")
      do throws(SpoolError) {
        try connection.script(step + "\n;PRAGMA user_version = \(number + 1);")
        try connection.run("COMMIT")
      } catch {
        if connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
        throw error
      }
    }
  }
}
