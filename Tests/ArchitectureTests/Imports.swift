import Testing

@Suite struct Imports {
  /// What each target may import of ours and of C. SwiftPM does not enforce it: an undeclared import of a C
  /// module compiles always, of a Swift target after the first build.
  private static let table: [String: Set<String>] = [
    "MilterBridge": ["CMilter"],
    "Programs": [],
    "SMTP": ["Programs"],
    "Mail": ["Voicemail", "CGMime", "CCrypto"],
    "Voicemail": [],
    "Spool": ["Voicemail", "CSQLite"],
    "Audio": ["Voicemail", "Programs", "CSndFile", "CSoxr"],
    "Speech": ["Voicemail", "Audio", "Programs", "CPocketSphinx", "CCurl", "CCrypto", "CZlib"],
    "Operations": ["Voicemail", "CGLib", "CSystemd", "CMicroHTTPD"],
    "Filter": [
      "MilterBridge", "SMTP", "Mail", "Voicemail", "Spool", "Audio", "Speech", "Operations",
    ],
  ]

  /// What the toolchain brings. The product's rules need none of it; Foundation would make the program 56 MB.
  private static let system: Set<String> = ["Glibc", "Dispatch", "Synchronization"]
  private static let foundationEssentials: Set<String> = ["Spool", "Filter", "Speech"]

  private static func allowed(_ target: String) -> Set<String> {
    guard let ours = table[target] else { return [] }
    if target == "Voicemail" { return ours }
    let essentials: Set<String> =
      foundationEssentials.contains(target) ? ["FoundationEssentials"] : []
    return ours.union(system).union(essentials)
  }

  @Test func `each target imports what its row allows and no more`() throws {
    let files = try SourceTree.swiftFiles("Sources")
    #expect(Set(files.map(\.target)) == Set(Self.table.keys))
    #expect(files.count > 100)
    let wrong = files.flatMap { file in
      file.imports.filter { !Self.allowed(file.target).contains($0.module) }
        .map { "\(file.path):\($0.line): import \($0.module)" }
    }
    #expect(wrong == [])
  }

  @Test func `each row is used: no dependency is declared in vain`() throws {
    let used = Dictionary(grouping: try SourceTree.swiftFiles("Sources"), by: \.target)
      .mapValues { Set($0.flatMap { $0.imports.map(\.module) }) }
    for (target, ours) in Self.table {
      #expect(ours.subtracting(used[target] ?? []) == [], "\(target)")
    }
  }

  @Test func `the table says what Package.swift says`() throws {
    let declared = try Self.declaredDependencies()
    #expect(Set(declared.keys) == Set(Self.table.keys))
    for (target, dependencies) in declared {
      #expect(dependencies == Self.table[target], "\(target)")
    }
  }

  /// Sums in Mail, signatures in Speech: neither knows the other.
  private static let shared: Set<String> = ["CCrypto"]

  @Test func `each C library is seen by one target`() throws {
    let seen = Self.table.flatMap { target, modules in
      modules.filter { Self.isC($0) }.map { (module: $0, target: target) }
    }
    let twice = Dictionary(grouping: seen, by: \.module).filter { $0.value.count > 1 }
    #expect(Set(twice.keys) == Self.shared)
    let folders = try Self.cModules()
    #expect(Set(seen.map(\.module)) == folders)
  }

  @Test func `the product's rules know nothing outside themselves`() throws {
    let files = try SourceTree.swiftFiles("Sources").filter { $0.target == "Voicemail" }
    #expect(files.count > 20)
    #expect(files.flatMap { file in file.imports.map { "\(file.path): \($0.module)" } } == [])
  }

  @Test(arguments: [
    ("import A", "A"), ("internal import A", "A"), ("@testable import A", "A"),
    ("@preconcurrency package import A", "A"), ("  import A", "A"), ("import struct A.B", "A"),
    ("@_spi(X) import A", "A"), ("import A.B", "A"), ("private import  A // c", "A"),
  ])
  func `every way to write an import is seen`(line: String, module: String) {
    #expect(SourceTree.File(path: "", lines: [line]).imports.map(\.module) == [module])
  }

  @Test(arguments: ["// import A", "/// import A", "important", "let x = \"import A\""])
  func `what is no import is not taken for one`(line: String) {
    #expect(SourceTree.File(path: "", lines: [line]).imports.isEmpty)
  }

  private static func isC(_ module: String) -> Bool {
    module.wholeMatch(of: /C[A-Z]\w+/) != nil
  }

  private static func cModules() throws -> Set<String> {
    let declared = try SourceTree.text("Package.swift").matches(of: /\n\s*cLibrary\("(\w+)"/)
    return Set(declared.map { String($0.1) })
  }

  /// Of Package.swift, the dependencies of the targets in Sources. Read as text: asking SwiftPM would wait
  /// for the build that runs this.
  private static func declaredDependencies() throws -> [String: Set<String>] {
    let text = try SourceTree.text("Package.swift")
    var found: [String: Set<String>] = [:]
    for match in text.matches(of: /\n\s*library\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?\)/) {
      found[String(match.1)] = names(match.2 ?? "")
    }
    for match in text.matches(
      of: /\.(?:executableTarget|target)\(\s*name: "(\w+)",\s*dependencies:\s*\[([^\]]*)\]([^()]*)/)
    where !match.3.contains("path:") {
      found[String(match.1)] = names(match.2)
    }
    return found
  }

  private static func names(_ list: Substring) -> Set<String> {
    Set(list.matches(of: /"(\w+)"/).map { String($0.1) })
  }
}
