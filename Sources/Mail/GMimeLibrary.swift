import CGMime

/// GMime, set up once per process.
///
/// GMime's type functions register their type at first use without a lock ("static GType type; if
/// (!type) ..."), so two threads that parse their first message at once could register one twice.
/// One small message that uses every type we need is parsed inside Swift's once-only initialiser.
enum GMimeLibrary {
  static func start() { _ = started }

  // C: `g_mime_init`. Never shut down: the process ends with it.
  private static let started: Bool = {
    g_mime_init()
    let warmUp =
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; name*=utf-8''a\n"
      + "Content-Disposition: inline; filename=a\nContent-Transfer-Encoding: base64\n\neA==\n--b\n"
      + "Content-Transfer-Encoding: quoted-printable\n\nx=\n\n--b\nContent-Type: message/rfc822\n"
      + "\nContent-Type: multipart/signed; boundary=c\n\n--c\n\nx\n--c--\n--b\n"
      + "Content-Type: message/partial\n\nx\n--b\nContent-Type: multipart/encrypted\n\nx\n--b\n"
      + "Content-Type: application/pkcs7-mime\n\nx\n--b\nContent-Transfer-Encoding: x-uuencode\n"
      + "\nx\n--b--\n"
    let nodes = try? ParsedMessage.parse(Array(warmUp.utf8)) { parsed in
      for index in parsed.nodes.indices {
        _ = parsed.content(ofNode: index)
        _ = parsed.digest(ofNode: index)
      }
      return parsed.nodes.count
    }
    return nodes != nil
  }()
}
