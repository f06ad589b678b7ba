import Foundation
import TestSupport
import Testing

/// The milter protocol as others read it: Python's miltertest (PyPI, GPL; a program beside ours, never
/// part of it) speaks to the real daemon.
///
/// `Scripts/install-packages test` puts it below .build.
@Suite struct IndependentClient {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".build/miltertest").path

  /// Two messages in one session; one letter per line for each reply that counts.
  private static let script = """
    import socket, sys
    folder, path, *files = sys.argv[1:]
    sys.path.insert(0, folder)
    import miltertest as m

    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(path)
    c = m.MilterConnection(sock)
    # It waits for a reply to everything: silence is not offered.
    silent = (m.SMFIP_NR_HDR | m.SMFIP_NR_CONN | m.SMFIP_NR_HELO | m.SMFIP_NR_MAIL | m.SMFIP_NR_RCPT
              | m.SMFIP_NR_DATA | m.SMFIP_NR_UNKN | m.SMFIP_NR_EOH | m.SMFIP_NR_BODY)
    # Nor does it read lists of macros.
    c.optneg_mta(actions=m.SMFI_V6_ACTS & ~m.SMFIF_SETSYMLIST, protocol=m.SMFI_V6_PROT & ~silent)
    c.send_macro(m.SMFIC_CONNECT, j='mta.example.com')
    c.send(m.SMFIC_CONNECT, hostname='pbx.example.com', family='4', port=5060, address='127.0.0.1')
    c.send(m.SMFIC_HELO, helo='pbx.example.com')
    for number, file in enumerate(files):
        head, body = open(file, 'rb').read().split(b'\\r\\n\\r\\n', 1)
        c.send(m.SMFIC_MAIL, args=['<pbx@example.com>', 'BODY=8BITMIME'])
        c.send(m.SMFIC_RCPT, args=['<ann@example.com>', 'NOTIFY=SUCCESS'])
        c.send(m.SMFIC_DATA)
        fields = head.decode('latin-1').replace('\\r\\n ', '\\n ').replace('\\r\\n\\t', '\\n\\t')
        c.send_headers([line.split(':', 1) for line in fields.split('\\r\\n')])
        c.send_macro(m.SMFIC_BODYEOB, i='Q%d' % number)
        reply = c.send_ar(m.SMFIC_EOH)[0]
        print(reply)
        if reply == m.SMFIR_CONTINUE:
            c.send_body(body.decode('ascii'))
            print(*[step[0] for step in c.send_eom()])
    """

  @Test func `another's client hears what ours hears`() throws {
    let session = try Session()
    let directory = session.milter.directory
    var mail = AsteriskMail(try VoicemailRecording.silence(seconds: 10))
    mail.extraHeaders = ["X-Folded: one\r\n two"]
    let files = try [("o.eml", OrdinaryMail.all[0].bytes), ("v.eml", mail.bytes)].map {
      name, bytes in
      try Data(bytes).write(to: directory.url.appendingPathComponent(name))
      return directory.file(name)
    }
    let client = try ChildProcess(
      "/usr/bin/python3",
      ["-c", Self.script, Self.folder, String(session.milter.milterAddress.dropFirst(5))] + files)
    let status = client.waitForExit(seconds: 60)
    try #require(status == 0, "\(client.errors)")
    // Accepted at the end of headers; collected and discarded at the end.
    #expect(String(decoding: client.output, as: UTF8.self) == "a\nc\nd\n")
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let message = try #require(session.mta.messages.first)
    #expect(message.mail.contains("BODY=8BITMIME"))
    #expect(message.recipients == ["RCPT TO:<ann@example.com> NOTIFY=SUCCESS"])
    #expect(message.received.recordings == [mail.recording])
    #expect(message.text.contains("\r\nX-Folded: one\r\n two\r\n"))
  }
}
