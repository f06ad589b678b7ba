/// What is said against what is heard.
enum Spoken {
  static func words(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && $0 != "'" }.map(String.init)
  }

  /// The least number of words to change, leave out or put in.
  static func errors(_ said: [String], _ heard: [String]) -> Int {
    var row = Array(0...heard.count)
    for (position, word) in said.enumerated() {
      var before = row[0]
      row[0] = position + 1
      for (column, other) in heard.enumerated() {
        let changed = before + (word == other ? 0 : 1)
        before = row[column + 1]
        row[column + 1] = min(row[column + 1] + 1, row[column] + 1, changed)
      }
    }
    return row[heard.count]
  }
}
