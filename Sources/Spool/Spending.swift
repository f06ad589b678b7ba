extension JobStore {
  /// Adds to what an engine was asked for on that day (since 1970, UTC); negative amounts take back.
  package func spend(_ seconds: Double, of engine: String, day: Int) throws(SpoolError) {
    let amount = SQLValue.integer(Int64(min(max(seconds, -1e9), 1e9) * 1_000))
    try commits.perform { connection throws(SpoolError) in
      try connection.run(
        """
        INSERT INTO engine_spend (engine, day, milliseconds) VALUES (?, ?, max(?, 0))
        ON CONFLICT (engine, day) DO UPDATE SET milliseconds = max(milliseconds + ?, 0)
        """, .text(engine), .integer(Int64(day)), amount, amount)
      try connection.run(
        "DELETE FROM engine_spend WHERE day < ?", .integer(Int64(day - Self.spendDays)))
    }
  }

  /// By engine and day, of the last two months.
  package func spending() throws(SpoolError) -> [String: [Int: Double]] {
    let rows = try commits.perform { connection throws(SpoolError) in
      try connection.query("SELECT engine, day, milliseconds FROM engine_spend") { row in
        (
          engine: row.text(0) ?? "", day: Int(row.integer(1)),
          seconds: Double(row.integer(2)) / 1_000
        )
      }
    }
    return rows.reduce(into: [:]) { $0[$1.engine, default: [:]][$1.day] = $1.seconds }
  }

  private static let spendDays = 62
}
