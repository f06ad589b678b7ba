import Testing

@testable import Voicemail

@Suite struct HeaderGlanceTests {
  /// Fields as they come from an MTA: name, colon, value.
  private func reason(_ fields: String...) -> String? {
    var glance = HeaderGlance()
    for field in fields {
      let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let (name, value) = (Array(parts[0].utf8), Array(parts[1].utf8))
      glance.see(name.span, value.span)
    }
    return glance.reasonToPass
  }

  @Test(
    arguments: [
      "Content-Type: text/plain", "content-type:TEXT/HTML; charset=utf-8",
      "Content-Type:\ttext/x-y.z+1",
      "Content-Type : text/plain ;\n charset=x", "Subject: no type at all",
      "X-Content-Type: multipart/mixed",
    ])
  func `text passes`(field: String) {
    #expect(reason("From: a@example.com", field, "X-Mailer: y") == "text holds no recording")
  }

  /// Each of these is for whoever reads the whole section.
  @Test(
    arguments: [
      "Content-Type: multipart/mixed; boundary=b", "Content-Type: audio/x-wav", "Content-Type:",
      "Content-Type: text", "Content-Type: text/", "Content-Type: text/plain=x",
      "Content-Type: text / plain",
      "Content-Type:\n text/plain", "Content-Type: (a) text/plain",
      "CONTENT-TYPE \t: multipart/mixed",
    ])
  func `whatever is not plainly text is looked at`(field: String) {
    #expect(reason("From: a@example.com", field) == nil)
  }

  @Test func `several types are looked at, whichever comes first`() {
    #expect(reason("Content-Type: text/plain", "Content-Type: audio/wav") == nil)
    #expect(reason("Content-Type: audio/wav", "Content-Type: text/plain") == nil)
    #expect(
      reason("Content-Type: text/plain", "Content-Type: audio/wav", "Content-Type: text/plain")
        == nil)
  }

  @Test func `mail with a marker is looked at, as it may go round`() {
    #expect(reason("x-voicemail-milter: v=1", "Content-Type: text/plain") == nil)
    #expect(reason("X-Voicemail-Milter-Alarm: spool_full", "Content-Type: text/plain") != nil)
  }
}
