import Foundation
import TestSupport
import Testing

@testable import SMTP

@Suite
struct RealPostfix {
  @Test func `the shipped listener takes what the main one would refuse, and logs who sent it`()
    throws
  {
    let postfix = try PrivatePostfix(["message_size_limit=5000", "smtpd_recipient_limit=2"])
    let client = try SMTPClient(
      SMTPTarget("smtp:127.0.0.1:\(postfix.reinjectPort)"), heloName: "filter.test",
      limits: patient)
    #expect(client.extensions.hasPipelining && client.extensions.hasDSN)
    #expect(client.extensions.xforwardAttributes.contains("IDENT"))

    var item = submission(
      "From: pbx\nSubject: hello\n\n\(String(repeating: "0123456789\n", count: 500)).\n.\nend",
      to: ["ann@example.com", "b@example.com", "c@example.com", "j\u{F6}rg@example.com"])
    item.senderParameters = ["SIZE=1", "BODY=8BITMIME", "RET=HDRS", "ENVID=QQ1", "AUTH=<>"]
    item.recipients[0].parameters = ["NOTIFY=SUCCESS", "ORCPT=rfc822;ann@example.com"]
    item.client = ForwardedClient(
      name: "pbx.example.com", address: "2001:db8::7", port: 5060, protocolName: "ESMTP",
      helo: "pbx box", queueID: "88A9DF8E1B2", source: .remote)
    let result = try client.deliver(item)
    client.quit()

    #expect(result.isComplete)
    // This instance speaks IPv4 only; the other facts arrive all the same.
    #expect(result.remarks == ["XFORWARD refused: 501 5.5.4 Bad ADDR syntax: IPV6:2001:db8::7"])
    let id = try #require(result.queueID)
    let mail = try #require(postfix.waitForMail(of: "ann").first)
    let text = String(decoding: mail, as: UTF8.self)
    #expect(text.contains("id \(id)"))
    #expect(text.hasSuffix("0123456789\n.\n.\nend\n"))
    // The listener completes no header: "pbx" stays as it is.
    #expect(text.contains("\nFrom: pbx\n"))
    #expect(postfix.log.contains("orig_queue_id=88A9DF8E1B2, orig_client=pbx.example.com"))
    // NOTIFY=SUCCESS was understood: Postfix tells the sender of the delivery.
    #expect(
      postfix.waitForMail(of: "pbx").contains {
        String(decoding: $0, as: UTF8.self).contains("Original-Envelope-Id: QQ1")
      })
  }

  @Test func `no message smuggles a second one into Postfix`() throws {
    let postfix = try PrivatePostfix()
    let target = try SMTPTarget("smtp:127.0.0.1:\(postfix.reinjectPort)")
    let client = try SMTPClient(target, limits: patient)
    for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r\n"] {
      let smuggled = "MAIL FROM:<evil@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\nx"
      #expect(try client.deliver(submission("Subject: a\n\nbody\(end)\(smuggled)\n.\n")).isComplete)
    }
    #expect(postfix.waitForMail(of: "ann", count: 5).count == 5)
    #expect(postfix.mail(of: "eve").isEmpty)
    #expect(!postfix.log.contains("evil@example.com"))
  }
}
