/// The header field by which an MTA's header_checks send a voicemail to the content filter, where the milter
/// only marks it.
///
/// It asks and does not tell: whoever else writes it has his mail sent through the content filter at most, which
/// decides by itself. So it is no secret, and nothing is concluded from it.
package enum RouteMark {
  package static let headerName = "X-Voicemail-Route"
  package static let value = "transcribe"
}
