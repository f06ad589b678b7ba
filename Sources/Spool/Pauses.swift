package import Voicemail

/// A stage that an administrator has paused; it lasts until it is resumed, over restarts.
package struct Pause: Sendable, Codable, Equatable {
  package var stage: JobStage
  package var sinceMS: Int64
  package var who: String
}

extension JobStore {
  /// No message is leased for the stage from now on; work in progress goes on. False: it was paused already.
  package func pause(_ stage: JobStage, who: String, nowMS: Int64) throws(SpoolError) -> Bool {
    try commits.perform { connection throws(SpoolError) in
      try connection.run(
        "INSERT OR IGNORE INTO pause (stage, since_ms, who) VALUES (?, ?, ?)",
        .text(stage.rawValue), .integer(nowMS), .text(who)) == 1
    }
  }

  /// False: it was not paused.
  package func resume(_ stage: JobStage) throws(SpoolError) -> Bool {
    try commits.perform { connection throws(SpoolError) in
      try connection.run("DELETE FROM pause WHERE stage = ?", .text(stage.rawValue)) == 1
    }
  }

  package func pauses() throws(SpoolError) -> [Pause] {
    try commits.perform { connection throws(SpoolError) in try connection.pauses() }
  }
}

extension Connection {
  func isPaused(_ stage: JobStage) throws(SpoolError) -> Bool {
    try !query("SELECT 1 FROM pause WHERE stage = ?", .text(stage.rawValue)) { _ in true }.isEmpty
  }

  func pauses() throws(SpoolError) -> [Pause] {
    try query("SELECT stage, since_ms, who FROM pause ORDER BY stage") {
      Pause(
        stage: JobStage(rawValue: $0.text(0) ?? "") ?? .delivery, sinceMS: $0.integer(1),
        who: $0.text(2) ?? "")
    }
  }
}
