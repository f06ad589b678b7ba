import Testing
import Voicemail

@Suite struct `Trace line and dates` {
  func line(_ client: ClientFacts, id: String = "7f3a") -> String {
    TraceHeader.make(
      client: client, host: "mail.example", spoolID: id, unixSeconds: 1_786_023_949,
      utcOffsetSeconds: 7200
    ).value
  }

  @Test func `it names client, host, id and time`() {
    let full = ClientFacts(
      name: "pbx.example", address: "192.0.2.7", port: 4711, helo: "pbx", protocolName: "ESMTPS",
      queueID: "4XyZ")
    #expect(
      line(full)
        == "from pbx (pbx.example [192.0.2.7]) by mail.example (voicemail-milter) with ESMTPS"
        + " id 7f3a (4XyZ); Thu, 06 Aug 2026 15:45:49 +0200")
    #expect(
      line(ClientFacts(address: "2001:db8::7"))
        == "from unknown (unknown [IPv6:2001:db8::7]) by mail.example (voicemail-milter)"
        + " with ESMTP id 7f3a; Thu, 06 Aug 2026 15:45:49 +0200")
    #expect(line(ClientFacts(helo: "[192.0.2.7]")).hasPrefix("from [192.0.2.7] by mail.example "))
  }

  @Test(arguments: [
    "a\r\nBcc: x", "a) (b", "a\\", "\"a", "a; date", "\u{202e}moc", "ä.example", "\u{0}",
    String(repeating: "(", count: 100_000),
  ])
  func `a client cannot write into it`(_ evil: String) {
    let value = line(
      ClientFacts(
        name: evil, address: evil, helo: evil, protocolName: evil, queueID: evil), id: evil)
    #expect(value.utf8.allSatisfy { (0x20...0x7e).contains($0) })
    #expect(value.utf8.count < 2000)
    #expect(value.count { $0 == "(" } == 3 && value.count { $0 == ")" } == 3)
    #expect(value.count { $0 == ";" } == 1 && !value.contains("\\") && !value.contains("\""))
  }

  @Test(arguments: [
    (0, 0, "Thu, 01 Jan 1970 00:00:00 +0000"),
    (951_782_400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"),
    (4_107_542_399, 0, "Sun, 28 Feb 2100 23:59:59 +0000"),
    (4_107_542_400, 0, "Mon, 01 Mar 2100 00:00:00 +0000"),
    (1_786_023_949, -12_600, "Thu, 06 Aug 2026 10:15:49 -0330"),
    (0, -3600, "Wed, 31 Dec 1969 23:00:00 -0100"),
    (1_767_225_599, 20_700, "Thu, 01 Jan 2026 05:44:59 +0545"),
  ])
  func `unix seconds become the civil date`(_ seconds: Int64, _ offset: Int, _ text: String) {
    #expect(InternetDate(unixSeconds: seconds, utcOffsetSeconds: offset).rfc5322 == text)
    #expect(InternetDate(text)?.rfc5322 == text)
  }

  @Test func `absurd clocks give some date`() {
    for seconds in [Int64.min, -1, Int64.max] {
      for offset in [Int.min, 0, Int.max] {
        let date = InternetDate(unixSeconds: seconds, utcOffsetSeconds: offset)
        #expect((1969...9999).contains(date.year))
      }
    }
  }

  @Test(arguments: [
    ("Thu, 06 Aug 2026 15:45:49 +0200", "Thu 6 Aug 2026, 15:45 (+0200)"),
    ("Thu, 6 Aug 2026 15:45:49 +0200 (CEST)", "Thu 6 Aug 2026, 15:45 (+0200)"),
    ("Mon,06 AUG 2026 15:45 GMT", "Thu 6 Aug 2026, 15:45 (+0000)"),
    ("Tue, 30 Aug 11 07:49:27", "Tue 30 Aug 2011, 07:49"),
    ("30 Aug 99 7:49 EST", "Mon 30 Aug 1999, 07:49 (-0500)"),
    ("6 August 2026 15:45:49 -0000", "Thu 6 Aug 2026, 15:45"),
    ("6 Aug 2026 15:45:60 +9999", "Thu 6 Aug 2026, 15:45"),
  ])
  func `a Date field is read leniently`(_ field: String, _ readable: String) {
    #expect(InternetDate(field).map(Language.english.date) == readable)
  }

  @Test(arguments: [
    "", "Aug", "yesterday", "31 Feb 2026 10:00 +0000", "6 Aug 2026", "6 Aug 2026 25:00",
    "6 Aug 2026 10:60", "2026-08-06T10:00:00Z", "99999999999999999999 Aug 2026 10:00",
    "0 Aug 2026 10:00", "6 Aug -1 10:00", "(((((", "6 Aug 2026 :",
  ])
  func `what is no date is none`(_ field: String) {
    #expect(InternetDate(field) == nil)
  }
}
