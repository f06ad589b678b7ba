import Testing
import Voicemail

@testable import Spool

/// What is asked all the time takes no longer with more messages: every table is entered by an index, and
/// nothing is sorted.
@Suite struct Plans {
  private func plan(_ spool: TestSpool, _ sql: String) throws -> [String] {
    try spool.store.commits.perform { connection throws(SpoolError) in
      try connection.query("EXPLAIN QUERY PLAN " + sql) { $0.text(3) ?? "" }
    }
  }

  @Test(arguments: [
    Connection.nextDue.replacing("?", with: "1"),
    Connection.firstDue.replacing("?", with: "'delivery'"), Connection.nextDeadline,
    Connection.late.replacing("?", with: "1"),
    "SELECT min(received_ms) FROM message WHERE state = 'waiting'",
    "UPDATE message SET state = 'ready' WHERE id = 'x'",
    """
    SELECT finished_ms FROM message WHERE finished_ms > 1 AND delivery_ms IS NOT NULL
    ORDER BY finished_ms DESC LIMIT 1000
    """,
    """
    SELECT id FROM message WHERE id > 'a' AND state NOT IN ('delivered', 'deleted')
    ORDER BY id LIMIT 9
    """,
    Connection.nextToRetry.replacing("?", with: "'x'"),
    "SELECT id FROM message WHERE finished_ms < 1 ORDER BY finished_ms LIMIT 200",
    "SELECT id FROM message WHERE id >= 'a' AND id < 'b' ORDER BY id LIMIT 20",
    "SELECT minute FROM delivered_in_minute WHERE minute > 1",
    "SELECT fingerprint FROM seen WHERE at_ms < 1 ORDER BY at_ms LIMIT 200",
    "SELECT at_ms, what FROM event WHERE message_id = 'x' ORDER BY rowid",
    "SELECT bytes FROM content WHERE message_id = 'x' AND form = 'original' ORDER BY chunk",
    "DELETE FROM content WHERE message_id = 'x'",
  ])
  func `an index answers`(sql: String) throws {
    let plan = try plan(try TestSpool(), sql)
    #expect(!plan.isEmpty)
    for step in plan {
      // A partial index that holds little else is read from its start.
      #expect(!step.hasPrefix("SCAN") || step.contains("message_untranscribed"), "\(sql): \(step)")
      #expect(!step.contains("TEMP B-TREE"), "\(sql): \(step)")
    }
  }

  @Test(arguments: [
    (Connection.nextDue, "message_due (stage=? AND due_ms<?)"),
    (Connection.firstDue, "message_due (stage=?)"),
    (Connection.farAhead, "message_due (stage=? AND due_ms>?)"),
    (Connection.nextDeadline, "message_untranscribed"),
  ])
  func `what every thread asks all the time looks at no message but the one it finds`(
    sql: String, index: String
  ) throws {
    // In the index's order, so the first row is the answer: deferred messages are many while an MTA is away.
    let plan = try plan(try TestSpool(), sql.replacing("?", with: "1"))
    #expect(plan.count == 1)
    #expect(plan[0].hasSuffix("message USING INDEX \(index)"), "\(plan)")
  }

  @Test(
    arguments: [
      ([], "message_open"), ([.waiting], "message_open"),
      ([.held, .failed, .deferred], "message_open"),
      ([.delivered], "sqlite_autoindex_message_1"),
      ([.waiting, .deleted], "sqlite_autoindex_message_1"),
    ] as [([JobState], String)])
  func `a page of a list reads its messages in their order`(states: [JobState], index: String)
    throws
  {
    let filter = ListFilter(states: states, recipient: "ann", receivedBeforeMS: 1)
    let (sql, values) = filter.query(after: "a", limit: 200)
    let plan = try TestSpool().store.commits.perform { connection throws(SpoolError) in
      try connection.query("EXPLAIN QUERY PLAN " + sql, list: values) { $0.text(3) ?? "" }
    }
    #expect(plan.first == "SEARCH message USING INDEX \(index) (id>?)", "\(plan)")
    #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
  }

  @Test func `a query without an index would be seen`() throws {
    let plan = try plan(
      try TestSpool(), "SELECT id FROM message WHERE sender = 'x' ORDER BY reason")
    #expect(plan.contains { $0.hasPrefix("SCAN") })
    #expect(plan.contains { $0.contains("TEMP B-TREE") })
  }
}
