import Foundation
import Testing

/// The package as it lies on disk.
struct SourceTree: Sendable {
  struct File: Sendable {
    /// Below the package's root.
    var path: String
    var lines: [String]

    /// `Sources/Mail/Edit.swift` is of target Mail.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// Modules it imports, with their line numbers.
    var imports: [(module: String, line: Int)] {
      lines.enumerated().compactMap { index, line in
        // Regular expressions are slow in a debug build.
        guard line.contains("import") else { return nil }
        return line.firstMatch(
          of:
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:package |internal |public |private |fileprivate )?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
        ).map { (String($0.1), index + 1) }
      }
    }
  }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  /// All Swift files below that folder.
  static func swiftFiles(_ folder: String) throws -> [File] {
    let names = try FileManager.default.subpathsOfDirectory(
      atPath: root.appendingPathComponent(folder).path)
    return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
      let text = try String(
        contentsOf: root.appendingPathComponent("\(folder)/\(name)"), encoding: .utf8)
      return File(path: "\(folder)/\(name)", lines: text.components(separatedBy: "\n"))
    }
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// Where a line holds one of those words, as `path:line: word`.
  static func places(
    of words: [String], in files: [File], but isFine: (File, Int) -> Bool = { _, _ in false }
  )
    -> [String]
  {
    files.flatMap { file in
      file.lines.enumerated().flatMap { index, line in
        words.filter { line.contains($0) && !isFine(file, index) }
          .map { "\(file.path):\(index + 1): \($0)" }
      }
    }
  }
}
