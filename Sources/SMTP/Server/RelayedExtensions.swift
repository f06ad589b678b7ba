/// Extensions that can be offered only when the server behind this one knows them too.
///
/// Offered without that, BODY, SMTPUTF8 and DSN parameters would have to be dropped on the way, and the
/// message would go on as something else than the client was told.
package struct RelayedExtensions: Sendable, Equatable {
  package var eightBitMIME: Bool
  package var smtpUTF8: Bool
  package var dsn: Bool

  package static let all = RelayedExtensions(eightBitMIME: true, smtpUTF8: true, dsn: true)

  package init(eightBitMIME: Bool, smtpUTF8: Bool, dsn: Bool) {
    (self.eightBitMIME, self.smtpUTF8, self.dsn) = (eightBitMIME, smtpUTF8, dsn)
  }

  package init(_ server: ServerExtensions) {
    self.init(
      eightBitMIME: server.has8BitMIME, smtpUTF8: server.hasSMTPUTF8, dsn: server.hasDSN)
  }

  /// As EHLO says them.
  var keywords: [String] {
    (eightBitMIME ? ["8BITMIME"] : []) + (smtpUTF8 ? ["SMTPUTF8"] : []) + (dsn ? ["DSN"] : [])
  }

  /// The extension that these parameters of MAIL or RCPT need and that is not among these; nil: none.
  package func lacking(for parameters: [String]) -> String? {
    for parameter in parameters {
      switch parameter.prefix(while: { $0 != "=" }).uppercased() {
      case "BODY" where !eightBitMIME: return "8BITMIME"
      case "SMTPUTF8" where !smtpUTF8: return "SMTPUTF8"
      case "RET" where !dsn, "ENVID" where !dsn, "NOTIFY" where !dsn, "ORCPT" where !dsn:
        return "DSN"
      default: continue
      }
    }
    return nil
  }
}
