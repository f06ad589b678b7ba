/// Compares a recording's own length, which counts, with what the PBX says.
package enum LengthDifference {
  /// Below this the two say the same: PBXs count in whole seconds, and some the time to the hang-up.
  private static let toleranceSeconds = 2.0

  /// Whether they differ by so much that somebody should know: a recording was cut off, or is another one.
  package static func isNotable(stated: Int?, heard: Double?) -> Bool {
    guard let stated, let heard else { return false }
    let difference = abs(Double(stated) - heard)
    return difference > toleranceSeconds && difference > heard / 10
  }

  /// For the log and the administrator; nil when they agree or one is not known.
  package static func sentence(stated: Int?, heard: Double?) -> String? {
    guard isNotable(stated: stated, heard: heard), let stated, let heard else { return nil }
    return
      "the phone system says \(Notice.clock(Double(stated))), the recordings last \(Notice.clock(heard))"
  }
}
