internal import CCurl
internal import Voicemail

/// Sets options of a handle of libcurl; a value libcurl does not take shows when the request is made.
@safe struct CurlOptions {
  private static let connectSeconds = 10

  /// C: `curl_global_init`, once and before the first handle.
  static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  private let handle: UnsafeMutableRawPointer

  init(_ handle: UnsafeMutableRawPointer) { unsafe self.handle = unsafe handle }

  func set(_ option: CURLoption, _ value: String) {
    _ = unsafe vm_curl_set_string(handle, option, value)
  }
  func set(_ option: CURLoption, _ value: Int) {
    _ = unsafe vm_curl_set_long(handle, option, value)
  }

  /// What every connection to an engine has. No redirect is followed: the key is for this host alone. Certificates are
  /// verified. The environment's proxies are not used, only the engine's own.
  func reach(
    _ url: String, caFile: String?, proxy: String?, before deadline: ContinuousClock.Instant
  ) throws(EngineFailure) {
    let left = ContinuousClock.now.duration(to: deadline).inSeconds
    guard left > 0 else { throw .busy("no time left for a request", afterSeconds: nil) }
    set(CURLOPT_URL, url)
    set(CURLOPT_PROTOCOLS_STR, url.hasPrefix("http:") ? "http" : "https")
    set(CURLOPT_PROXY, proxy ?? "")
    if let caFile { set(CURLOPT_CAINFO, caFile) }
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_CONNECTTIMEOUT, Self.connectSeconds)
    set(CURLOPT_TIMEOUT_MS, max(1, Int(min(left, 86_400) * 1_000)))
  }

  /// C: `curl_easy_getinfo`; its strings live as long as the handle.
  func response(body: [UInt8]) -> HTTPResponse {
    var status = 0
    unsafe vm_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    var wait: curl_off_t = 0
    unsafe vm_curl_get_size(handle, CURLINFO_RETRY_AFTER, &wait)
    var location: UnsafePointer<CChar>?
    unsafe vm_curl_get_string(handle, CURLINFO_REDIRECT_URL, &location)
    var type: UnsafePointer<CChar>?
    unsafe vm_curl_get_string(handle, CURLINFO_CONTENT_TYPE, &type)
    return HTTPResponse(
      status: status, body: body,
      type: unsafe type.map { unsafe String(cString: $0).lowercased() } ?? "",
      retryAfter: HTTPResponse.retryAfter(Int(wait)),
      location: unsafe location.map { unsafe String(cString: $0) })
  }

  /// C: libcurl-errors(3).
  static func failure(_ code: CURLcode) -> EngineFailure {
    let words = unsafe String(cString: curl_easy_strerror(code))
    switch code {
    case CURLE_PEER_FAILED_VERIFICATION:
      return .administrator("its TLS certificate cannot be verified; see ca_file")
    case CURLE_SSL_CACERT_BADFILE: return .administrator("its ca_file cannot be read")
    case CURLE_URL_MALFORMAT:
      return .administrator("its url cannot be used: \(words)")
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
      return .busy("no answer: \(words)", afterSeconds: nil)
    case CURLE_OPERATION_TIMEDOUT: return .retryable("did not answer in time")
    default: return .retryable("no answer: \(words)")
    }
  }
}
