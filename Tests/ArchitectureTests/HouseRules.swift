import Testing

@Suite struct HouseRules {
  /// What the rules hold for. Tests name forbidden words, so those rules are for Sources alone.
  private static func sources() throws -> [SourceTree.File] {
    try SourceTree.swiftFiles("Sources")
  }

  @Test func `no file is longer than 400 lines`() throws {
    let files = try Self.sources() + SourceTree.swiftFiles("Tests")
    let long = files.filter { $0.lines.count > 401 }.map { "\($0.path): \($0.lines.count)" }
    #expect(long == [])
  }

  @Test func `nothing in Sources ends the program, and nothing is left for later`() throws {
    let words = ["fatalError(", "try!", "as!", "TODO", "FIXME", "XXX"]
    #expect(SourceTree.places(of: words, in: try Self.sources()) == [])
  }

  @Test func `what the compiler cannot check is argued for beside it`() throws {
    let words = ["@unchecked Sendable", "nonisolated(unsafe)"]
    let bare = SourceTree.places(of: words, in: try Self.sources()) { file, index in
      Self.isArgued(file.lines, index)
    }
    #expect(bare == [])
  }

  @Test func `an argument is a comment on the line or above it`() {
    let word = "final class A: @unchecked Sendable {}"
    #expect(Self.isArgued([word + "  // because"], 0))
    #expect(Self.isArgued(["/// Because.", word], 1))
    #expect(!Self.isArgued([word], 0))
    #expect(!Self.isArgued(["let url = 1", word], 1))
    #expect(!Self.isArgued(["// c", "", word], 2))
  }

  @Test func `no type is named like a module`() throws {
    // A nested one hides no module from others.
    let files = try Self.sources()
    let modules = Set(files.map(\.target))
    let kinds = ["struct", "class", "enum", "protocol", "actor"]
    let wrong = files.flatMap { file in
      file.lines.enumerated().compactMap { index, line in
        let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "/" }.map(String.init)
        guard let kind = words.firstIndex(where: kinds.contains), kind + 1 < words.count,
          line.first?.isLetter == true, modules.contains(words[kind + 1])
        else { return nil as String? }
        return "\(file.path):\(index + 1)"
      }
    }
    #expect(wrong == [])
  }

  @Test func `memory is touched by hand only where C or the system is`() throws {
    // The product's rules are values and plain functions.
    let rules = try Self.sources().filter { $0.target == "Voicemail" }
    #expect(SourceTree.places(of: ["unsafe ", "Unsafe"], in: rules) == [])
  }

  private static func isArgued(_ lines: [String], _ index: Int) -> Bool {
    if lines[index].contains("//") { return true }
    guard index > 0 else { return false }
    return lines[index - 1].drop { $0.isWhitespace }.hasPrefix("//")
  }
}
