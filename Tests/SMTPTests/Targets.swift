import Testing

@testable import SMTP

@Suite struct Targets {
  @Test(arguments: [
    ("smtp:127.0.0.1:10026", SMTPTarget.Place.host("127.0.0.1", port: 10026)),
    ("smtp:localhost:25", .host("localhost", port: 25)),
    ("smtp:[::1]:25", .host("::1", port: 25)),
    ("unix:/run/listener.sock", .unixSocket("/run/listener.sock")),
  ])
  func `a target is read as it is written`(text: String, place: SMTPTarget.Place) throws {
    let target = try SMTPTarget(text)
    #expect(target.place == place)
    #expect(target.description == text)
  }

  @Test func `a delivery target may be a command`() throws {
    #expect(
      try DeliveryTarget("sendmail:/usr/sbin/sendmail")
        == .command(SendmailCommand(path: "/usr/sbin/sendmail")))
    #expect(try DeliveryTarget("unix:/x") == .listener(SMTPTarget("unix:/x")))
    for text in ["smtp:127.0.0.1:25", "sendmail:/a b"] {
      #expect(try DeliveryTarget(text).description == text)
    }
    for text in ["sendmail:", "sendmail:sendmail", "sendmail"] {
      let error = try #require(throws: InvalidTarget.self) { _ = try DeliveryTarget(text) }
      #expect(error.sentence.contains("'\(text)'"))
    }
  }

  @Test(arguments: [
    ("", "expected smtp:HOST:PORT"),
    ("127.0.0.1:25", "expected smtp:HOST:PORT"),
    ("smtp:127.0.0.1", "the port is missing"),
    ("smtp:127.0.0.1:0", "from 1 to 65535"),
    ("smtp:127.0.0.1:65536", "from 1 to 65535"),
    ("smtp:127.0.0.1:smtp", "from 1 to 65535"),
    ("smtp::25", "the host is missing"),
    ("smtp:a b:25", "no host name"),
    ("smtp:::1:25", "stands in brackets"),
    ("smtp:[::1:25", "stands in brackets"),
    ("smtp:[]:25", "the host is missing"),
    ("unix:run/listener.sock", "absolute path"),
    ("unix:", "absolute path"),
    ("unix:/\(String(repeating: "a", count: 107))", "at most 107"),
  ])
  func `a wrong target is refused with the reason`(text: String, reason: String) throws {
    let error = try #require(throws: InvalidTarget.self) { _ = try SMTPTarget(text) }
    #expect(error.sentence.contains(reason))
    #expect(error.sentence.contains("'\(text)'"))
  }
}
