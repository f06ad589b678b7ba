import Voicemail

/// A stretch of the message and what stands there instead; an empty range inserts.
struct Edit {
  var range: Range<Int>
  var replacement: [UInt8]

  /// The message with the edits made; bytes outside their ranges are copied as they are.
  ///
  /// At one place, insertions come out in the order given and before a replacement.
  static func apply(_ edits: [Edit], to message: [UInt8]) throws(StepFailure) -> [UInt8] {
    let ordered = edits.enumerated().sorted { one, other in
      let first = one.element.range
      let second = other.element.range
      return (first.lowerBound, first.upperBound, one.offset)
        < (second.lowerBound, second.upperBound, other.offset)
    }
    var output: [UInt8] = []
    output.reserveCapacity(
      edits.reduce(message.count) { $0 + $1.replacement.count - $1.range.count })
    var copied = 0
    for (_, edit) in ordered {
      guard edit.range.lowerBound >= copied, edit.range.upperBound <= message.count else {
        throw .permanent("mail: splice: two edits overlap at byte \(edit.range.lowerBound)")
      }
      output += message[copied..<edit.range.lowerBound]
      output += edit.replacement
      copied = edit.range.upperBound
    }
    output += message[copied...]
    return output
  }
}
