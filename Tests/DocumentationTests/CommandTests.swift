import Foundation
import Operations
import TestSupport
import Testing

/// What the pages show to be typed or written into files is run or parsed.
@Suite("Commands and settings on the pages") struct CommandTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  private static var pages: [String] {
    get throws {
      let docs = try FileManager.default.contentsOfDirectory(atPath: root + "/docs")
      return ["README.md", "debian/README.Debian"]
        + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    }
  }

  private static func lines(_ page: String) throws -> [String] {
    try String(contentsOfFile: "\(root)/\(page)", encoding: .utf8).components(separatedBy: "\n")
  }

  /// Indented blocks of a page, without the indent. Those of list entries stand six columns in.
  private static func shellBlocks(_ page: String) throws -> [String] {
    var blocks: [[String]] = [[]]
    var isFenced = false
    // What follows a line of text goes on with its paragraph.
    var mayBegin = true
    for line in try lines(page) {
      if line.hasPrefix("```") { isFenced.toggle() }
      if !isFenced, line.hasPrefix("    "), mayBegin {
        blocks[blocks.count - 1].append(line.trimmingCharacters(in: .whitespaces))
      } else {
        if !line.isEmpty { blocks.append([]) }
        mayBegin = line.isEmpty && !isFenced
      }
    }
    // What main.cf says is tested where the examples are, what Prometheus is told below.
    return blocks.filter { !$0.isEmpty && !$0[0].hasSuffix(" =") && !$0[0].hasSuffix(":") }.map {
      $0.joined(separator: "\n")
    }
  }

  /// Commands of the program that stand in the text.
  private static func spans(_ page: String) throws -> [String] {
    try lines(page).flatMap { $0.matches(of: /`(voicemail-milter [a-z][^`]*)`/) }.map {
      String($0.1)
    }
  }

  private static func fencedBlocks(_ page: String, _ kind: String) throws -> [String] {
    let text = try lines(page).joined(separator: "\n")
    return text.components(separatedBy: "\n```\(kind)\n").dropFirst().compactMap {
      $0.components(separatedBy: "\n```").first
    }
  }

  private func run(_ program: String, _ arguments: [String]) throws -> (
    status: Int32?, said: String
  ) {
    let process = try ChildProcess(program, arguments)
    let status = process.waitForExit(seconds: 60)
    return (status, String(decoding: process.output, as: UTF8.self) + process.errors)
  }

  /// Each command of the program with the lines of the help about it.
  private func usages() throws -> [String: String] {
    var usages: [String: String] = [:]
    var verb = ""
    for line in try run(RunningMilter.program, ["--help"]).said.components(separatedBy: "\n") {
      if let match = line.firstMatch(of: /^  ([a-z][a-z-]*)/) { verb = String(match.1) }
      if !line.hasPrefix("  ") { verb = "" }
      if !verb.isEmpty { usages[verb, default: ""] += line + "\n" }
    }
    return usages
  }

  @Test func `what is to be typed is a command, with options that it has`() throws {
    let usages = try usages()
    var commands = 0
    for page in try Self.pages {
      for block in try Self.shellBlocks(page) + Self.spans(page) {
        let parsed = try run("/bin/bash", ["-n", "-c", block])
        #expect(parsed.status == 0, "\(page): \(block): \(parsed.said)")
        for line in block.split(separator: "\n") {
          let command = line.prefix { $0 != "#" && $0 != "|" && $0 != ">" && $0 != ";" }
          let words = command.split(separator: " ").map(String.init)
          if words.first == "make", words.count > 1 {
            let made = try run("/usr/bin/make", ["-n", "-C", Self.root] + words.dropFirst())
            #expect(made.status == 0, "\(page): \(line): \(made.said)")
          }
          if let first = words.first, first.hasPrefix("Scripts/") {
            #expect(
              FileManager.default.isExecutableFile(atPath: "\(Self.root)/\(first)"), "\(line)")
          }
          guard words.first == "voicemail-milter", words.count > 1, !words[1].hasPrefix("--") else {
            continue
          }
          commands += 1
          let usage = try #require(usages[words[1]], "\(page): no command \(line)")
          for word in words.dropFirst(2) where word.hasPrefix("--") {
            let option = word.prefix { $0 != "=" }
            #expect(
              usage.contains(option) || ["--config", "--reason"].contains(option),
              "\(page): no option \(option): \(line)")
          }
        }
      }
    }
    #expect(commands > 70)
  }

  /// What a page shows of other machines, other projects, this source tree, and in the README's way without the
  /// package, which Scripts/system-test goes as well.
  private static let elsewhere: Set<String> = [
    "make", "ssh", "whisper-server", "install", "systemd-run", "/usr/local/sbin/voicemail-milter",
    "cat", "postfix",
  ]

  @Test func `what is to be typed is run in a machine of its own`() throws {
    let script = try Self.lines("Scripts/system-test").joined(separator: "\n")
    let list = try #require(
      script.firstMatch(of: /A test holds the pages against this list\.\n.*\n((?:.*\) ;;\n)+)/)?.1)
    let run = Set(list.split { " |);\n".contains($0) }.map(String.init))
    #expect(run.count > 10)
    var seen: Set<String> = []
    for page in try Self.pages {
      for block in try Self.shellBlocks(page) {
        for line in block.split(separator: "\n") where !line.contains(" = ") {
          let first = String(line.prefix { $0 != " " })
          guard first.contains(/^[a-z\/-]+$/) else { continue }
          seen.insert(first)
          #expect(
            run.contains(first) || Self.elsewhere.contains(first), "\(page): \(line)")
        }
      }
    }
    #expect(run.intersection(seen).count > 10)
  }

  @Test func `postconf commands of the pages ask what Postfix has`() throws {
    let directory = try TemporaryDirectory()
    for file in ["main.cf", "master.cf"] {
      try Self.lines("postfix-examples/milter/\(file)").joined(separator: "\n").write(
        toFile: directory.file(file), atomically: true, encoding: .utf8)
    }
    var commands = 0
    for page in try Self.pages {
      let words = try Self.shellBlocks(page).flatMap { $0.components(separatedBy: "\n") }
        .filter { $0.hasPrefix("postconf ") }
      for line in words {
        commands += 1
        let command = line.replacing(
          "postconf ", with: "postconf -c \(directory.path) ", maxReplacements: 1)
        let answer = try run("/bin/bash", ["-c", command])
        #expect(answer.status == 0 && answer.said.contains("="), "\(line): \(answer.said)")
        #expect(!answer.said.contains("warning"), "\(line): \(answer.said)")
      }
    }
    #expect(commands >= 3)
  }

  @Test func `what is to be written into files is understood`() throws {
    var blocks = 0
    for page in try Self.pages {
      for block in try Self.fencedBlocks(page, "ini") {
        blocks += 1
        let directory = try TemporaryDirectory()
        if block.contains("[Service]") {
          let unit = try String(
            contentsOfFile: "\(Self.root)/debian/voicemail-milter.service", encoding: .utf8
          ).replacingOccurrences(
            of: "=/usr/sbin/voicemail-milter", with: "=\(RunningMilter.program)")
          try "\(unit)\n\(block)\n".write(
            toFile: directory.file("voicemail-milter.service"), atomically: true, encoding: .utf8)
          let verified = try run(
            "/usr/bin/systemd-analyze",
            ["verify", "--man=no", directory.file("voicemail-milter.service")])
          #expect(verified.said == "" && verified.status == 0, "\(page): \(verified.said)")
        } else {
          let path = directory.file("voicemail-milter.conf")
          try (block + "\n").write(toFile: path, atomically: true, encoding: .utf8)
          #expect(throws: Never.self, "\(page)") { try Settings.load(path: path) }
        }
      }
    }
    #expect(blocks > 4)
  }

  @Test func `settings that the MTAs' examples ask for are understood`() throws {
    let folder = Self.root + "/postfix-examples"
    var blocks = 0
    for example in try FileManager.default.contentsOfDirectory(atPath: folder) {
      for file in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(example)") {
        let comments = try Self.lines("postfix-examples/\(example)/\(file)")
          .filter { $0.hasPrefix("#   ") }.map { $0.dropFirst(4) }
        guard comments.first?.hasPrefix("[") == true else { continue }
        blocks += 1
        let directory = try TemporaryDirectory()
        let path = directory.file("voicemail-milter.conf")
        try comments.map { $0 + "\n" }.joined().write(
          toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: Never.self, "\(example)/\(file)") { try Settings.load(path: path) }
      }
    }
    #expect(blocks >= 4)
  }

  @Test func `what Prometheus is told is understood by it`() throws {
    let lines = try Self.lines("docs/status-page.md")
    let block = lines.drop { $0 != "    scrape_configs:" }.prefix { $0.hasPrefix("    ") }
    #expect(block.count > 3)
    let directory = try TemporaryDirectory()
    let path = directory.file("prometheus.yml")
    try block.map { $0.dropFirst(4) + "\n" }.joined().write(
      toFile: path, atomically: true, encoding: .utf8)
    let checked = try run("/usr/bin/promtool", ["check", "config", path])
    #expect(checked.status == 0, "\(checked.said)")
  }

  // MARK: - Troubleshooting

  /// Of Postfix, systemd and the system: by the pieces that their messages are made of.
  private static let others: [String: (piece: String, in: String)] = [
    "connect to Milter service": ("connect to Milter service", "/usr/lib/postfix"),
    "milter-reject": ("milter-reject", "/usr/lib/postfix"),
    "can't read SMFIC_BODYEOB reply packet header": ("reply packet header", "/usr/lib/postfix"),
    "Watchdog timeout": ("Watchdog timeout", "/usr/lib/x86_64-linux-gnu/systemd"),
    "Too many open files": ("Too many open files", "/lib/x86_64-linux-gnu/libc.so.6"),
    "systemctl reload voicemail-milter": ("ExecReload", "/usr/lib/x86_64-linux-gnu/systemd"),
  ]

  @Test func `each text that troubleshooting tells to look for is one that comes`() throws {
    var sources = ""
    let files = try #require(FileManager.default.enumerator(atPath: Self.root + "/Sources"))
    for case let path as String in files where path.hasSuffix(".swift") {
      sources += try String(contentsOfFile: "\(Self.root)/Sources/\(path)", encoding: .utf8)
    }
    // A string that is put together of two lines.
    sources = sources.replacing(/"\s*\+ "/, with: "")
    let page = try Self.lines("docs/troubleshooting.md").joined(separator: "\n")
    let texts = page.matches(of: /\n- `([^`]+)`(?:, `([^`]+)`)?/).flatMap {
      [String($0.1)] + ($0.2.map { [String($0)] } ?? [])
    }
    #expect(texts.count > 30)
    for text in texts where !sources.contains(text) {
      guard let other = Self.others[text] else {
        Issue.record("nobody says '\(text)'")
        continue
      }
      let found = try run("/bin/grep", ["-rqaF", other.piece, other.in])
      #expect(found.status == 0, "\(text)")
    }
  }
}
