import Foundation
import TestSupport
import Testing
import Voicemail

@testable import Operations

/// The main file, conf.d, the environment: which one counts, and what each is called in a complaint.
@Suite struct SettingsPlaces {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: directory.file("conf.d"), withIntermediateDirectories: true)
    try write("[daemon]\nworkers = 1\nhostname = main.example\n[log]\nlevel = error\n", "vm.conf")
  }

  private func write(_ text: String, _ name: String) throws {
    try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
  }

  private func sources(_ environment: [String: String] = [:]) throws -> SettingsSources {
    try SettingsSources.load(path: directory.file("vm.conf"), environment: environment)
  }

  private func complaints(_ environment: [String: String] = [:]) throws -> [String] {
    do throws(SettingsError) {
      _ = try Settings(
        SettingsSources.load(path: directory.file("vm.conf"), environment: environment))
      return []
    } catch {
      return error.lines.map { $0.replacing(directory.path, with: "$") }
    }
  }

  @Test
  func `conf.d goes before the main file, in the order of names, and the environment before all`()
    throws
  {
    try write("[daemon]\nworkers = 2\nhostname = ten.example\n", "conf.d/10-first.conf")
    try write("[daemon]\nworkers = 3\n", "conf.d/9-last.conf")
    for other in ["conf.d/10.conf.dpkg-old", "conf.d/.hidden.conf", "conf.d/README"] {
      try write("nonsense", other)
    }
    let files = try Settings(sources())
    #expect(files.workers == 3)
    #expect(files.hostname == "ten.example")
    #expect(files.logLevel == .error)
    let environment = [
      "VOICEMAIL_MILTER_DAEMON_WORKERS": "4", "VOICEMAIL_MILTER_LOG_LEVEL": "debug",
    ]
    let all = try Settings(sources(environment))
    #expect(all.workers == 4)
    #expect(all.hostname == "ten.example")
    #expect(all.logLevel == .debug)
  }

  @Test func `each key has a variable of its own`() throws {
    #expect(Set(SettingsTable.keys.map(\.variable)).count == SettingsTable.keys.count)
    for key in SettingsTable.keys {
      let text = try SettingsListing(sources([key.variable: key.standard]))
        .text(.written, explained: false)
      #expect(text.contains("# environment \(key.variable)\n\(key.name) ="), "\(key.variable)")
    }
  }

  @Test func `a complaint names the file, or the variable, that counts`() throws {
    try write("[daemon]\n\nworkers = x\n[nonsense]\n", "conf.d/a.conf")
    #expect(
      try complaints(["VOICEMAIL_MILTER_LOG_LEVEL": "loud"]) == [
        "$/conf.d/a.conf:4: [nonsense]: no such section; known are "
          + Set(SettingsTable.keys.map(\.section)).sorted().joined(separator: ", "),
        "$/conf.d/a.conf:3: [daemon] workers = x: must be a whole number from 0 to 64",
        "environment VOICEMAIL_MILTER_LOG_LEVEL: [log] level = loud: must be one of error, warning, "
          + "info, debug",
      ])
    try write("?", "conf.d/a.conf")
    #expect(
      try complaints() == [
        "$/conf.d/a.conf:1: must be a [section], a key = value in a section, or a # comment"
      ])
  }

  @Test(arguments: [
    ("VOICEMAIL_MILTER_DAEMON_WORKER", "; did you mean VOICEMAIL_MILTER_DAEMON_WORKERS?"),
    ("VOICEMAIL_MILTER_DEAMON_WORKERS", "; did you mean VOICEMAIL_MILTER_DAEMON_WORKERS?"),
  ])
  func `a variable that looks like a setting must be one`(name: String, hint: String) throws {
    #expect(try complaints([name: "1"]) == ["environment \(name): no such setting\(hint)"])
  }

  @Test func `variables of others are left alone`() throws {
    #expect(
      try complaints(["VOICEMAIL_MILTER_SERVICE_HOST": "10.0.0.1", "WORKERS": "x", "LANG": "C"])
        == []
    )
  }

  @Test func `a rule of a later file replaces one of the same name`() throws {
    try write("[rule a]\nheader From = one\n[rule b]\nheader From = two\n", "conf.d/1.conf")
    try write("[rule a]\nheader From = three\n", "conf.d/2.conf")
    let rules = try Settings(sources()).rules
    #expect(rules.map(\.rule.name) == ["b", "a"])
  }

  @Test func `a conf.d without its main file counts, and a file in its place is none`() throws {
    let path = directory.file("other/vm.conf")
    try FileManager.default.createDirectory(
      atPath: directory.file("other/conf.d"), withIntermediateDirectories: true)
    try write("", "other/vm.conf")
    try write("[daemon]\nworkers = 5\n", "other/conf.d/x.conf")
    #expect(try Settings(.load(path: path, environment: [:])).workers == 5)
    try FileManager.default.removeItem(atPath: directory.file("other/conf.d"))
    try write("", "other/conf.d")
    #expect(try Settings(.load(path: path, environment: [:])) == Settings(.none))
  }

  // MARK: - settings

  @Test func `the listing gives the same settings again`() throws {
    try write("[rule x]\nheader From = a.*b\n[milter]\nlisten=\n", "conf.d/1.conf")
    let before = try Settings(sources())
    for explained in [false, true] {
      for choice in [SettingsListing.Choice.all, .written] {
        let text = try SettingsListing(sources()).text(choice, explained: explained)
        #expect(try load(Array(text.utf8)).get() == before)
      }
    }
    let defaults = try SettingsListing(sources()).text(.defaults, explained: true)
    #expect(try load(Array(defaults.utf8)).get() == Settings(.none))
  }

  @Test func `a proxy's password is not listed`() throws {
    try write(
      "[engine openai]\nproxy = http://me:sw@rdfish@proxy.example:3128\n[engine w]\n"
        + "type = whisper-server\nproxy = proxy.example:3128\n", "conf.d/1.conf")
    for choice in [SettingsListing.Choice.all, .written] {
      let text = try SettingsListing(sources()).text(choice, explained: false)
      #expect(text.contains("\nproxy = http://[hidden]@proxy.example:3128\n"), "\(text)")
      #expect(text.contains("\nproxy = proxy.example:3128\n"))
      #expect(!text.contains("rdfish"))
    }
  }

  @Test func `what is written stands below its place`() throws {
    let text = try SettingsListing(sources(["VOICEMAIL_MILTER_DAEMON_WORKERS": "7"]))
      .text(.written, explained: false)
    #expect(
      text.replacing(directory.path, with: "$") == """
        [daemon]
        # $/vm.conf:3
        hostname = main.example
        # environment VOICEMAIL_MILTER_DAEMON_WORKERS
        workers = 7

        [log]
        # $/vm.conf:5
        level = error

        """)
  }

  @Test func `an explanation has the sentence, the range and the default`() {
    let text = SettingsListing(.none).text(.defaults, explained: true)
    #expect(
      text.contains(
        "# Messages read at the same time; more pass unchanged.\n"
          + "# Must be a whole number from 1 to 10000; default: 100.\nmax_concurrent_bodies = 100\n"
      ))
  }
}
