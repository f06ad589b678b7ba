import Foundation
import TestSupport
import Testing

@Suite("debian/") struct Lists {
  @Test func `the package has the program's version`() throws {
    let version = try #require(
      try Sources.text("debian/changelog").firstMatch(of: /^voicemail-milter \(([^)]+)\)/)?.1)
    let said = try Sources.run(RunningMilter.program, ["--version"]).said
    #expect(said.hasPrefix("voicemail-milter \(version)\n"))
  }

  @Test(arguments: ["postinst", "prerm", "postrm"])
  func `the maintainer scripts are shell scripts`(name: String) throws {
    let path = "\(Sources.root)/debian/voicemail-milter.\(name)"
    let checked = try Sources.run("/bin/sh", ["-n", path])
    #expect(checked.status == 0 && checked.said == "")
    #expect(try Sources.text("debian/voicemail-milter.\(name)").contains("\n#DEBHELPER#\n"))
  }

  /// Of debian/control, without versions.
  private func buildDependencies() throws -> Set<String> {
    let field = try #require(
      try Sources.text("debian/control").firstMatch(of: /\nBuild-Depends:((?:.*\n )*.*)\n/)?.1)
    return Set(
      field.split(separator: ",").map {
        String($0.prefix { $0 != "(" }).trimmingCharacters(in: .whitespacesAndNewlines)
      })
  }

  /// A list of Scripts/install-packages.
  private func installed(_ name: String) throws -> Set<String> {
    let script = try Sources.text("Scripts/install-packages")
    let list = try #require(
      try Regex("\\n\(name)=\\(([^)]*)\\)").firstMatch(in: script)?[1].substring)
    return Set(list.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  @Test func `the package needs for its build what Scripts/install-packages names, and no more`()
    throws
  {
    let needed = try buildDependencies()
    let build = try installed("build")
    let package = try installed("package")
    let judge = try installed("judge")
    #expect(build.count > 8 && needed.count > 10)
    // Every build environment of Debian's has make.
    #expect(build.subtracting(["make"]).subtracting(needed) == [])
    // By the packages that have debhelper's add-ons.
    let real = needed.map { $0 == "debhelper-compat" ? "debhelper" : $0 }
      .filter { $0 != "dh-sequence-installsysusers" }
    #expect(Set(real).subtracting(build).subtracting(package).subtracting(judge) == [])
  }

  @Test func `the package needs for its build each library of Package.swift`() throws {
    let manifest = try Sources.text("Package.swift")
    let libraries = manifest.matches(of: /debian: "([^"]+)"\)/).map { String($0.1) }
    #expect(libraries.count > 8)
    #expect(Set(libraries).subtracting(try buildDependencies()) == [])
  }

  @Test func `logcheck keeps quiet about what is usual, and about nothing else`() throws {
    func ignored(_ line: String) throws -> Bool {
      let directory = try TemporaryDirectory()
      try line.write(toFile: directory.file("log"), atomically: true, encoding: .utf8)
      let rules = "\(Sources.root)/debian/voicemail-milter.logcheck.ignore.server"
      return try Sources.run("/bin/grep", ["-E", "-q", "-f", rules, directory.file("log")]).status
        == 0
    }
    for start in ["Nov  1 15:26:01 mx1", "2026-11-21T15:26:01.123456+00:00 mx1.example.com"] {
      #expect(try ignored("\(start) voicemail-milter[123]: info: ready version=0.1.0\n"))
      for severity in ["warning", "error"] {
        #expect(
          try !ignored("\(start) voicemail-milter[123]: \(severity): the spool is full info: \n"))
      }
    }
  }

  // MARK: - Completion

  /// What bash offers at the end of that line.
  private func completions(_ words: String...) throws -> [String] {
    try completions(each: [words])[0]
  }

  /// The same for several lines, by one bash: to start it takes longer than to ask it.
  private func completions(each lines: [[String]]) throws -> [[String]] {
    let script = """
      set +o history
      source /usr/share/bash-completion/bash_completion
      source "$1/debian/voicemail-milter.bash-completion"
      shift
      while [ $# -gt 0 ]; do
        COMP_WORDS=()
        while [ "$1" != ';' ]; do COMP_WORDS+=("$1"); shift; done
        shift
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE="${COMP_WORDS[*]}" COMP_TYPE=9 COMPREPLY=()
        COMP_POINT=${#COMP_LINE}
        _voicemail_milter
        printf '%s\\n' "${COMPREPLY[@]}" ';'
      done
      """
    let words = lines.flatMap { [RunningMilter.program] + $0 + [";"] }
    let ended = try Sources.run("/bin/bash", ["-c", script, "bash", Sources.root] + words)
    return ended.said.components(separatedBy: ";\n").dropLast()
      .map { $0.split(separator: "\n").map(String.init) }
  }

  @Test func `bash completes commands, options and words`() throws {
    #expect(try completions("sta") == ["status"])
    let help = try Sources.run(RunningMilter.program, ["--help"]).said
    let verbs = help.matches(of: /\n  ([a-z][a-z-]*)[ \n]/).map { String($0.1) }
    #expect(try Set(completions("")) == Set(verbs + ["--help", "--version"]))
    #expect(try completions("list", "--ol") == ["--older-than"])
    #expect(try completions("list", "--state", "deli") == ["delivering", "delivered"])
    #expect(try completions("pause", "t") == ["transcription"])
    #expect(
      try completions("transcribe", "\(Sources.root)/Pack") == ["\(Sources.root)/Package.swift"])
    #expect(
      try completions("check", "--postfix-config", "\(Sources.root)/postf")
        == ["\(Sources.root)/postfix-examples"])
  }

  @Test func `bash completes every option of every command, and none that is not there`() throws {
    let help = try Sources.run(RunningMilter.program, ["--help"]).said
    let verbs = help.matches(of: /\n  ([a-z][a-z-]*)[ \n]/).map { String($0.1) }
    var offered: Set<String> = []
    for (verb, options) in zip(verbs, try completions(each: verbs.map { [$0, "--"] })) {
      offered.formUnion(options)
      for option in options where !["--help", "--config"].contains(option) {
        let said = try Sources.run(
          RunningMilter.program, [verb, "--config", "/nonexistent/x", option]
        ).said
        #expect(!said.contains("unknown option"), "\(verb) \(option)")
      }
    }
    var known: Set<String> = []
    let files = try #require(
      FileManager.default.enumerator(atPath: Sources.root + "/Sources/Filter"))
    for case let file as String in files where file.hasSuffix(".swift") {
      let text = try Sources.text("Sources/Filter/\(file)")
      known.formUnion(text.matches(of: /"(--[a-z-]+)"/).map { String($0.1) })
    }
    // Of the program itself, and of postconf(1).
    #expect(known.subtracting(offered) == ["--version", "--value"])
  }
}
