import Foundation
import TestSupport
import Testing

/// `inspect --learn` with phone systems that nobody knows.
struct Learning {
  struct PBX: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var samples: [String]
    /// What the rule finds in each: name, number, mailbox, seconds.
    var facts: [(name: String?, number: String?, mailbox: String?, seconds: Int?)]
  }

  private static func mail(
    _ fields: [String], _ text: String, name: String, type: String = "audio/wav"
  ) -> String {
    (fields + [
      "To: ann@example.com", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", "",
      "--b", "Content-Type: text/plain; charset=utf-8", "", text, "--b",
      "Content-Type: \(type); name=\"\(name)\"", "Content-Transfer-Encoding: base64", "",
      "UklGRg==", "--b--", "",
    ]).joined(separator: "\r\n")
  }

  static let systems: [PBX] = [
    PBX(
      testDescription: "fields of its own",
      samples: [("Anna Meyer", "07700900123", 17), ("Bob Jones", "02079460018", 65)].map {
        mail(
          [
            "From: Exchange Tower <tower@pbx.example>", "Subject: Recording \($0.2)",
            "Date: Thu, 06 Aug 2026 15:45:\($0.2 % 60) +0200", "Message-ID: <\($0.1)@pbx.example>",
            "X-Tower-Caller-Number: \($0.1)", "X-Tower-Caller-Name: \($0.0)",
            "X-Tower-Call-Duration: \($0.2)", "X-Tower-Mailbox: 200",
          ], "There is a recording for you.", name: "rec-\($0.2).wav")
      },
      facts: [("Anna Meyer", "07700900123", "200", 17), ("Bob Jones", "02079460018", "200", 65)]),
    PBX(
      testDescription: "all in the subject",
      samples: [
        ("Anna Meyer", "07700900123", "200", "0:17"), ("Bob", "+442079460018", "201", "1:05"),
        ("Zoe de la Cruz", "2002", "200", "0:03"),
      ].map {
        mail(
          [
            "From: PBX <pbx@example.com>",
            "Subject: Call from \($0.0) (\($0.1)) for box \($0.2) lasting \($0.3) minutes",
          ], "See the attachment.", name: "\($0.1)_\($0.3.replacing(":", with: "")).mp3",
          type: "audio/mpeg")
      },
      facts: [
        ("Anna Meyer", "07700900123", "200", 17), ("Bob", "+442079460018", "201", 65),
        ("Zoe de la Cruz", "2002", "200", 3),
      ]),
    PBX(
      testDescription: "all in the text, and the sender is the caller",
      samples: [("07700900123", "0:17"), ("02079460018", "1:05")].map {
        mail(
          ["From: <\($0.0)@sip.example.net>", "Subject: New recording"],
          "Hello,\r\n\r\nExtension: 200\r\nDuration: \($0.1)\r\n", name: "call.wav")
      }, facts: [(nil, "07700900123", "200", 17), (nil, "02079460018", "200", 65)]),
    PBX(
      testDescription: "a Message-ID of its own make",
      samples: ["1a2b", "9f00"].map {
        mail(
          [
            "From: \"Desk \($0)\" <desk-\($0)@example.com>", "Subject: Call",
            "Message-ID: <voxbox-\($0)@host.example>",
          ], "A call.", name: "call\($0).wav")
      }, facts: [(nil, nil, nil, nil), (nil, nil, nil, nil)]),
    PBX(
      testDescription: "one sample",
      samples: [
        mail(
          [
            "From: PBX <pbx@example.com>", "Subject: Missed: call from Anna Meyer at extension 200",
          ], "Caller: 07700900123\r\nLength: 17\r\n", name: "msg1.wav")
      ], facts: [("Anna Meyer", "07700900123", "200", 17)]),
  ]

  @Test(arguments: systems)
  func `the proposed rule recognises the samples and no ordinary mail`(_ system: PBX) throws {
    let directory = try TemporaryDirectory()
    var files: [String] = []
    for (number, sample) in system.samples.enumerated() {
      files.append(directory.file("s\(number).eml"))
      try Data(sample.utf8).write(to: URL(fileURLWithPath: files[number]))
    }
    let plain = directory.file("plain.conf")
    try Data("[daemon]\nstate_directory = \(directory.url.path)\n".utf8).write(
      to: URL(fileURLWithPath: plain))
    let learned = try RunningMilter.run(["inspect", "--learn", "--config", plain] + files)
    #expect(learned.status == 0, "\(learned.errors)")
    #expect(learned.text.contains("[rule my-pbx]\n"))
    #expect(learned.text.contains("One message does not show") == (files.count == 1))

    let configuration = directory.file("learned.conf")
    try Data("[daemon]\nstate_directory = \(directory.url.path)\n\(learned.text)".utf8).write(
      to: URL(fileURLWithPath: configuration))
    let inspected = try RunningMilter.run(
      ["inspect", "--json", "--config", configuration] + files)
    #expect(inspected.lines.count == files.count, "\(inspected.errors)")
    for (line, wanted) in zip(inspected.lines, system.facts) {
      let report = try JSON.object(line)
      #expect(report["rule"] as? String == "my-pbx", "\(learned.text)\n\(line)")
      let caller = report["caller"] as? [String: Any]
      #expect(caller?["name"] as? String == wanted.name, "\(learned.text)")
      #expect(caller?["number"] as? String == wanted.number, "\(learned.text)")
      #expect(report["mailbox"] as? String == wanted.mailbox, "\(learned.text)")
      #expect(report["stated_seconds"] as? Int == wanted.seconds, "\(learned.text)")
    }

    var ordinary: [String] = []
    let others =
      NastyMail.all.map(\.bytes)
      + Kinds.all.filter { $0.passes?.contains("no sign") ?? false }.map(\.content)
    for (number, content) in others.enumerated() {
      ordinary.append(directory.file("o\(number).eml"))
      try Data(content).write(to: URL(fileURLWithPath: ordinary[number]))
    }
    let passed = try RunningMilter.run(
      ["inspect", "--json", "--config", configuration] + ordinary)
    #expect(passed.lines.count == ordinary.count)
    #expect(!passed.text.contains("my-pbx\",\"time"), "a rule for ordinary mail: \(learned.text)")
    for line in passed.lines { #expect(!line.contains("\"verdict\":\"voicemail\""), "\(line)") }
  }

  @Test func `samples without anything in common give no rule`() throws {
    let directory = try TemporaryDirectory()
    let files = ["a.eml", "b.eml", "known.eml", "letter.eml"].map(directory.file)
    let contents = [
      Self.mail(["From: Ann <ann@example.com>", "Subject: the song"], "x", name: "song.wav"),
      Self.mail(["From: Bob <bob@example.net>", "Subject: lecture two"], "y", name: "two.wav"),
      String(decoding: AsteriskMail(Array("RIFF".utf8)).bytes, as: UTF8.self),
      "From: Ann <ann@example.com>\r\nSubject: hello\r\n\r\nhello\r\n",
    ]
    for (file, content) in zip(files, contents) {
      try Data(content.utf8).write(to: URL(fileURLWithPath: file))
    }
    let plain = directory.file("plain.conf")
    try Data("[daemon]\nstate_directory = \(directory.url.path)\n".utf8).write(
      to: URL(fileURLWithPath: plain))
    let none = try RunningMilter.run(
      ["inspect", "--learn", "--config", plain, files[0], files[1], files[3]])
    #expect(none.status == 1)
    #expect(none.text.isEmpty)
    #expect(none.errors.contains("nothing in common"))
    #expect(none.errors.contains("letter.eml: holds no recording, so it is no sample"))

    let known = try RunningMilter.run(["inspect", "--learn", "--config", plain, files[2]])
    #expect(known.status == 0)
    #expect(known.text.isEmpty)
    #expect(known.errors.contains("known.eml: is recognised already, by rule asterisk"))

    let letters = try RunningMilter.run(["inspect", "--learn", "--config", plain, files[3]])
    #expect(letters.status == 1)
    #expect(letters.errors.contains("no sample holds a recording"))
  }
}
