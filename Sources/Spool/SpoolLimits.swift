internal import Glibc

/// How much the spool may hold; beyond it no voicemail is taken over.
package struct SpoolLimits: Sendable, Equatable {
  /// Bytes that stay free on the file system.
  package var minFreeBytes: Int64
  /// Bytes of the spool's file in use.
  package var maxSpoolBytes: Int64
  /// Messages that are neither delivered nor deleted.
  package var maxMessages: Int

  package init(minFreeBytes: Int64 = 0, maxSpoolBytes: Int64 = .max, maxMessages: Int = .max) {
    self.minFreeBytes = minFreeBytes
    self.maxSpoolBytes = maxSpoolBytes
    self.maxMessages = maxMessages
  }
}

extension Connection {
  /// Asks nothing whose answer takes longer with more messages.
  func requireRoom(for bytes: Int, _ limits: SpoolLimits) throws(SpoolError) {
    if limits.maxMessages < .max {
      let count =
        try query(
          "SELECT coalesce(sum(messages), 0) FROM tally WHERE state NOT IN ('delivered', 'deleted')"
        ) { $0.integer(0) }.first ?? 0
      guard count < Int64(limits.maxMessages) else {
        throw full("holds \(count) messages, max_messages is \(limits.maxMessages)")
      }
    }
    if limits.maxSpoolBytes < .max {
      let used = try usedBytes()
      guard used + Int64(bytes) <= limits.maxSpoolBytes else {
        throw full("holds \(used) bytes, max_spool_bytes is \(limits.maxSpoolBytes)")
      }
    }
    // Also where nothing has to stay free: what is kept for the log is for those that are in the spool.
    if let free = freeBytes {
      guard free - Int64(bytes) >= limits.minFreeBytes else {
        throw full("\(free) bytes are free on its disk, min_free_bytes is \(limits.minFreeBytes)")
      }
    }
  }

  /// Pages that wait to be used again count as room: they are the file's already.
  func requireDisk(for bytes: Int) throws(SpoolError) {
    guard let free = freeBytes else { return }
    let pages = try query("PRAGMA freelist_count") { $0.integer(0) }.first ?? 0
    let size = try query("PRAGMA page_size") { $0.integer(0) }.first ?? 0
    guard free + pages * size >= Int64(bytes) else {
      throw full("\(free) bytes are free on its disk, \(bytes) are needed")
    }
  }

  /// Without pages that wait to be used again.
  func usedBytes() throws(SpoolError) -> Int64 {
    func number(_ pragma: String) throws(SpoolError) -> Int64 {
      try query("PRAGMA \(pragma)") { $0.integer(0) }.first ?? 0
    }
    return try (number("page_count") - number("freelist_count")) * number("page_size")
  }

  var freeBytes: Int64? {
    var facts = statvfs()
    // f_bavail: what is left for us, who are not root.
    guard unsafe statvfs(path, &facts) == 0 else { return nil }
    let (bytes, isHuge) = Int64(clamping: facts.f_bavail).multipliedReportingOverflow(
      by: Int64(clamping: facts.f_frsize))
    return isHuge ? .max : bytes
  }

  private func full(_ why: String) -> SpoolError {
    SpoolError(code: SpoolError.full, "spool \(path): \(why)")
  }
}
