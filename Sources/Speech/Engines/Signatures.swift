internal import CCrypto
internal import FoundationEssentials
internal import Voicemail

/// What OpenSSL is needed for besides TLS.
enum Signatures {
  /// As lower-case hex.
  static func sha256(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let hex = unsafe digest(bytes, EVP_sha256())
      .flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: hex, as: UTF8.self)
  }

  /// For the handshake of WebSockets, which protects nothing.
  static func sha1(_ bytes: [UInt8]) -> [UInt8] { unsafe digest(bytes, EVP_sha1()) }

  /// C: `EVP_Digest`.
  private static func digest(_ bytes: [UInt8], _ algorithm: OpaquePointer?) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var size: UInt32 = 0
    unsafe EVP_Digest(bytes, bytes.count, &digest, &size, algorithm, nil)
    return Array(digest.prefix(Int(size)))
  }

  /// A JSON web token (RFC 7519) signed with RSA and SHA-256 (RFC 7518, 3.3).
  static func token(header: [UInt8], claims: [UInt8], privateKey pem: String)
    throws(EngineFailure) -> String
  {
    let signed = base64URL(header) + "." + base64URL(claims)
    return signed + "." + base64URL(try rs256(Array(signed.utf8), pem))
  }

  /// C: EVP_DigestSign(3), PEM_read_bio_PrivateKey(3).
  private static func rs256(_ bytes: [UInt8], _ pem: String) throws(EngineFailure) -> [UInt8] {
    let wrong = EngineFailure.administrator("the private key in its key_file cannot be used")
    let text = Array(pem.utf8)
    guard let source = unsafe BIO_new_mem_buf(text, Int32(clamping: text.count)) else {
      throw wrong
    }
    defer { unsafe BIO_free(source) }
    guard let key = unsafe PEM_read_bio_PrivateKey(source, nil, nil, nil) else { throw wrong }
    defer { unsafe EVP_PKEY_free(key) }
    guard let context = unsafe EVP_MD_CTX_new() else { throw wrong }
    defer { unsafe EVP_MD_CTX_free(context) }
    guard unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1 else { throw wrong }
    var size = 0
    guard unsafe EVP_DigestSign(context, nil, &size, bytes, bytes.count) == 1 else { throw wrong }
    var signature = [UInt8](repeating: 0, count: size)
    guard unsafe EVP_DigestSign(context, &signature, &size, bytes, bytes.count) == 1 else {
      throw wrong
    }
    return Array(signature.prefix(size))
  }

  /// RFC 4648, 5, without padding.
  static func base64URL(_ bytes: [UInt8]) -> String {
    base64(bytes).filter { $0 != "=" }.replacing("+", with: "-").replacing("/", with: "_")
  }

  static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
