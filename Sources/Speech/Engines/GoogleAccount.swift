internal import Glibc
internal import Voicemail

/// A service account of Google: signs for access tokens (RFC 7523) and keeps the current one.
final class GoogleAccount {
  private struct KeyFile: Decodable {
    var clientEmail: String
    var privateKey: String
    var privateKeyId: String?
    var tokenUri: String?
    var projectId: String?
  }
  private struct Header: Encodable {
    var alg = "RS256"
    var typ = "JWT"
    var kid: String?
  }
  private struct Claims: Encodable {
    var iss: String
    var scope = "https://www.googleapis.com/auth/cloud-platform"
    var aud: String
    var iat: Int
    var exp: Int
  }
  private struct Token: Decodable {
    var accessToken: String
    var expiresIn: LooseNumber?
  }

  private static let standardTokenURL = "https://oauth2.googleapis.com/token"
  /// Before its end a token is not used any more.
  private static let marginSeconds = 300

  private let file: KeyFile
  private let service: RemoteService
  private var token: (text: String, endsAt: Int)?

  init(_ service: RemoteService) throws(EngineFailure) {
    self.service = service
    do throws(EngineFailure) {
      file = try LooseJSON.decode(KeyFile.self, Array((service.key ?? "").utf8))
    } catch {
      throw .administrator("its key_file is not the JSON of a Google service account")
    }
    // Who can write the file could send signatures elsewhere; in clear they never go.
    let url = file.tokenUri ?? Self.standardTokenURL
    guard url.hasPrefix("https://") || url.hasPrefix("http://127.0.0.1:") else {
      throw .administrator("token_uri in its key_file is no https address")
    }
  }

  var project: String? { file.projectId }
  /// What must not be told.
  var secrets: [String] { [file.privateKey, token?.text].compactMap(\.self) }

  func forgetToken() { token = nil }

  /// The current token, or a new one.
  func bearer(before deadline: ContinuousClock.Instant) throws(EngineFailure) -> String {
    let now = time(nil)
    if let token, now < token.endsAt { return token.text }
    let url = file.tokenUri ?? Self.standardTokenURL
    let assertion = try Signatures.token(
      header: LooseJSON.encode(Header(kid: file.privateKeyId)),
      claims: LooseJSON.encode(Claims(iss: file.clientEmail, aud: url, iat: now, exp: now + 3_600)),
      privateKey: file.privateKey)
    let grant = PercentEncoding.query("urn:ietf:params:oauth:grant-type:jwt-bearer")
    let response = try service.exchange(
      HTTPRequest(
        "POST", url,
        body: .bytes(
          Array("grant_type=\(grant)&assertion=\(assertion)".utf8),
          type: "application/x-www-form-urlencoded")), before: deadline)
    if response.status == 400 {
      let said = Secret.clean(RefusalText.read(response.body).message, secrets)
      throw .administrator(
        "refuses \(service.keyPlace) (\(said)); is this host's clock right, and the key still valid?"
      )
    }
    guard response.isGood else { throw service.failure(response, hiding: secrets) }
    let fresh = try LooseJSON.decode(Token.self, response.body)
    // An hour; whatever else is told, a day is enough.
    let life = Int(min(max(fresh.expiresIn?.value ?? 0, 0), 86_400))
    token = (fresh.accessToken, now + max(0, life - Self.marginSeconds))
    return fresh.accessToken
  }
}
