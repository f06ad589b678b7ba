import Testing
import Voicemail

@testable import Operations

@Suite struct PolicySections {
  private func settings(_ files: String...) throws -> Settings {
    var read: [SettingsFile] = []
    for (number, text) in files.enumerated() {
      read.append(try SettingsFile(path: "\(number).conf", bytes: Array(text.utf8)))
    }
    return try Settings(SettingsSources(files: read))
  }

  @Test func `policies are read in the order of the file`() throws {
    let settings = try settings(
      """
      [policy board]
      recipient = ^(ann|bob)@example\\.com$
      mode = original-first
      [rule door]
      client = 192.0.2.7
      [policy doors]
      rule = door, asterisk
      deadline = 2min
      [policy rest]
      mode = off
      """)
    #expect(settings.policies.map(\.rule.policy.name) == ["board", "doors", "rest"])
    #expect(settings.policies.map(\.rule.policy.mode) == [.originalFirst, .hold, .off])
    #expect(settings.policies[1].rule.policy.deadlineMS == 120_000)
    let reload = try Settings(.none).reload(settings)
    #expect(reload.changed == ["[rule ...]", "[policy ...]"])
  }

  @Test func `a later file's policies come behind, or instead of those of the same name`() throws {
    let settings = try settings(
      "[policy a]\nsender = a\n[policy b]\nsender = b\n",
      "[policy a]\nsender = x\nmode = off\n[policy c]\nmode = headers\n")
    #expect(settings.policies.map(\.rule.policy.name) == ["b", "a", "c"])
    #expect(settings.policies.map(\.rule.policy.mode) == [.hold, .off, .headers])
  }

  @Test func `what is no policy is said with file, line and key`() throws {
    #expect(
      try complaints("[policy a]\nmode = wait\n") == [
        "FILE:2: [policy a] mode: must be one of hold, original-first, companion, headers, off"
      ])
    #expect(
      try complaints("[policy a]\nmoode = hold\n") == [
        "FILE:2: [policy a] moode: no such key; conditions are recipient, sender, mailbox, rule, "
          + "values are mode, subject, content_in_subject, engines, language, template, vocabulary, "
          + "country, threading, count_calls, deadline, late_transcript, take_private, dial_extensions, "
          + "channels"
      ])
    #expect(
      try complaints("[policy a]\nrule = asterix\n").first?.hasPrefix(
        "FILE:2: [policy a] rule: no such rule as asterix; known are asterisk, ") == true)
    #expect(
      try complaints("[policy a]\nrecipient = (\n").first?.hasPrefix(
        "FILE:2: [policy a] recipient: ")
        == true)
    #expect(
      try complaints("[policy a b]\nmode = off\n") == [
        "FILE:1: [policy a b]: a policy's name has letters, digits and dashes, at most 40"
      ])
    #expect(
      try complaints("[policy a]\nmode = off\n[policy b]\nmode = hold\n") == [
        "FILE:3: [policy b]: is never asked, as [policy a] before it is for all; that one must "
          + "stand last"
      ])
  }
}
