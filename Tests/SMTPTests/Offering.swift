import Foundation
import Glibc
import TestSupport
import Testing

@testable import SMTP

/// What the server offers and takes, as the program behind it says.
extension Serving {
  @Test func `what the next server lacks is not offered, and refused when used all the same`()
    throws
  {
    let none = RelayedExtensions(eightBitMIME: false, smtpUTF8: false, dsn: false)
    let house = try House(offer: none)
    let wire = try house.connect()
    let reply = try wire.say("EHLO mta.test")
    #expect(reply.contains("PIPELINING") && reply.contains("XFORWARD"))
    for keyword in ["8BITMIME", "SMTPUTF8", "DSN"] { #expect(!reply.contains(keyword)) }
    for (parameter, code) in [
      ("SMTPUTF8", "550 5.6.7"), ("BODY=8BITMIME", "555 5.5.4 8BITMIME"),
      ("RET=HDRS", "555 5.5.4 DSN"), ("ENVID=a", "555 5.5.4 DSN"),
    ] {
      #expect(try wire.say("MAIL FROM:<a@b> \(parameter)").hasPrefix(code))
    }
    #expect(try wire.say("MAIL FROM:<a@b> SIZE=3").hasPrefix("250"))
    for parameter in ["NOTIFY=NEVER", "ORCPT=rfc822;x@y"] {
      #expect(try wire.say("RCPT TO:<c@d> \(parameter)").hasPrefix("555 5.5.4 DSN"))
    }
    #expect(try wire.say("RCPT TO:<c@d>").hasPrefix("250"))
    #expect(try wire.say("DATA").hasPrefix("354"))
    #expect(try wire.say(".").hasPrefix("250"))
    #expect(house.messages.map(\.recipients) == [["c@d"]])
  }

  @Test func `before a stop open messages go on, and nothing new is taken`() throws {
    let house = try House()
    let open = try house.connect()
    let idle = try house.connect()
    for wire in [open, idle] { try wire.say("EHLO a") }
    try open.say("MAIL FROM:<a@b>")
    #expect(house.activity.messages == 1)
    try open.say("RSET")
    #expect(house.activity.messages == 0)
    try open.say("MAIL FROM:<a@b>")
    house.activity.refuseNew()
    #expect(try idle.say("MAIL FROM:<a@b>").hasPrefix("421 4.3.2 filter.test is about to stop"))
    #expect(try idle.rest().isEmpty)
    let late = try SMTPWire(path: house.path)
    #expect(try late.reply().hasPrefix("421 4.3.2 filter.test is about to stop"))
    try open.say("RCPT TO:<c@d>")
    try open.say("DATA")
    #expect(house.activity.messages == 1)
    #expect(try open.say(".").hasPrefix("250"))
    #expect(house.activity.messages == 0)
    #expect(try open.say("MAIL FROM:<a@b>").hasPrefix("421"))
    #expect(house.messages.count == 1)
  }

  @Test func `lost, refused and too large messages are open no longer`() throws {
    let house = try House { $0.messageBytes = 1_000 }
    for lines in [
      ["MAIL FROM:<a@b>"], ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "half"],
      [
        "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", String(repeating: "x", count: 900),
        "y y y\r\n.",
      ],
      ["MAIL FROM:<a@b>", "EHLO b"], ["MAIL FROM:<a@b>", "QUIT"],
    ] {
      let wire = try house.connect()
      try wire.say("EHLO a")
      try wire.write(lines.joined(separator: "\r\n") + "\r\n")
      wire.finish()
      _ = try wire.rest()
    }
    #expect(house.waitForConnections(0))
    #expect(house.activity.messages == 0)
  }

  @Test func `a Unix socket gets its mode and group`() throws {
    let group = try #require(getgrnam("mail")).pointee.gr_gid
    let house = try House(group: "mail")
    let facts = try FileManager.default.attributesOfItem(atPath: house.path)
    #expect(facts[.posixPermissions] as? Int == 0o620)
    #expect(facts[.groupOwnerAccountID] as? UInt32 == group)
    #expect(throws: SMTPServerFailure.self) { try House(group: "no-such-group") }
  }
}
