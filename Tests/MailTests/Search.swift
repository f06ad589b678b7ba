extension [UInt8] {
  /// Where `wanted` first begins.
  func position(of wanted: [UInt8], from start: Int = 0) -> Int? {
    indices.dropFirst(start).first { self[$0...].starts(with: wanted) }
  }

  func replacing(_ wanted: String, with other: String) -> [UInt8] {
    guard let place = position(of: Array(wanted.utf8)) else { return self }
    return self[..<place] + Array(other.utf8) + self[(place + wanted.utf8.count)...]
  }
}

extension String {
  /// The stretches between occurrences of `separator`.
  func components(_ separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}
