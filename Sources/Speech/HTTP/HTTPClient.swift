internal import CCurl
internal import Voicemail

/// Sends requests to one engine with libcurl, one at a time.
///
/// No redirect is followed: the key is for this host alone. Certificates are verified. The environment's proxies
/// are not used, only the engine's own. Time and size of every answer are bounded.
struct HTTPClient {
  static let answerLimit = 8 << 20
  private static let connectSeconds = 10

  var caFile: String?
  var proxy: String?

  /// C: `curl_global_init`, once and before the first handle.
  private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  func send(_ request: HTTPRequest, before deadline: ContinuousClock.Instant)
    throws(EngineFailure) -> HTTPResponse
  {
    guard Self.isReady, let handle = unsafe curl_easy_init() else {
      throw .retryable("libcurl cannot be set up")
    }
    defer { unsafe curl_easy_cleanup(handle) }
    let left = ContinuousClock.now.duration(to: deadline).inSeconds
    guard left > 0 else { throw .retryable("no time left for a request") }
    let option = unsafe CurlOptions(handle)
    option.set(CURLOPT_URL, request.url)
    option.set(CURLOPT_CUSTOMREQUEST, request.method)
    option.set(CURLOPT_PROTOCOLS_STR, request.url.hasPrefix("http:") ? "http" : "https")
    option.set(CURLOPT_PROXY, proxy ?? "")
    option.set(CURLOPT_USERAGENT, "voicemail-milter")
    if let caFile { option.set(CURLOPT_CAINFO, caFile) }
    option.set(CURLOPT_NOSIGNAL, 1)
    option.set(CURLOPT_FOLLOWLOCATION, 0)
    option.set(CURLOPT_CONNECTTIMEOUT, Self.connectSeconds)
    option.set(CURLOPT_TIMEOUT_MS, max(1, Int(min(left, 86_400) * 1_000)))
    if let signing = request.signing {
      option.set(CURLOPT_AWS_SIGV4, "aws:amz:\(signing.region):\(signing.service)")
      option.set(CURLOPT_USERPWD, "\(signing.keyID):\(signing.secret)")
    }
    let held = try unsafe HeldLists(handle, request)
    defer { held.free() }
    let sink = AnswerSink(limit: Self.answerLimit)
    unsafe vm_curl_set_write(handle, receive, Unmanaged.passUnretained(sink).toOpaque())
    let code = unsafe curl_easy_perform(handle)
    return try withExtendedLifetime(sink) { () throws(EngineFailure) in
      guard code == CURLE_OK else { throw Self.failure(code, sink) }
      return option.response(body: sink.bytes)
    }
  }

  /// C: libcurl-errors(3).
  private static func failure(_ code: CURLcode, _ sink: AnswerSink) -> EngineFailure {
    if sink.isTooLarge { return .retryable("answered with more than \(answerLimit >> 20) MB") }
    let words = unsafe String(cString: curl_easy_strerror(code))
    switch code {
    case CURLE_PEER_FAILED_VERIFICATION:
      return .administrator("its TLS certificate cannot be verified; see ca_file")
    case CURLE_SSL_CACERT_BADFILE: return .administrator("its ca_file cannot be read")
    case CURLE_URL_MALFORMAT:
      return .administrator("its url cannot be used: \(words)")
    case CURLE_OPERATION_TIMEDOUT: return .retryable("did not answer in time")
    default: return .retryable("no answer: \(words)")
    }
  }
}

/// Sets options of a handle; a value libcurl does not take shows when the request is made.
@safe private struct CurlOptions {
  private let handle: UnsafeMutableRawPointer

  init(_ handle: UnsafeMutableRawPointer) { unsafe self.handle = unsafe handle }

  func set(_ option: CURLoption, _ value: String) {
    _ = unsafe vm_curl_set_string(handle, option, value)
  }
  func set(_ option: CURLoption, _ value: Int) {
    _ = unsafe vm_curl_set_long(handle, option, value)
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
      retryAfter: wait > 0 ? Int(min(wait, 300)) : nil,
      location: unsafe location.map { unsafe String(cString: $0) })
  }
}

/// What a handle borrows until its request is over: header list, form and body.
@safe private struct HeldLists {
  private var headers: UnsafeMutablePointer<curl_slist>?
  private var form: OpaquePointer?

  init(_ handle: UnsafeMutableRawPointer, _ request: HTTPRequest) throws(EngineFailure) {
    unsafe headers = nil
    unsafe form = nil
    // libcurl would wait for a go-ahead that some servers never give.
    var lines = ["Expect:"] + request.headers.map { "\($0.name): \($0.value)" }
    switch request.body {
    case .none: break
    case .bytes(let bytes, let type):
      lines.append("Content-Type: \(type)")
      unsafe vm_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
      let code = unsafe bytes.withUnsafeBytes { buffer in
        unsafe vm_curl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, buffer.baseAddress)
      }
      guard code == CURLE_OK else { throw .retryable("no memory for the request") }
    case .form(let parts):
      unsafe form = unsafe curl_mime_init(handle)
      for part in parts { unsafe Self.add(part, to: form) }
      unsafe vm_curl_set_pointer(handle, CURLOPT_MIMEPOST, UnsafeRawPointer(form))
    }
    for line in lines {
      guard !line.utf8.contains(where: { $0 < 32 }) else {
        throw .administrator("its key has a control character")
      }
      unsafe headers = unsafe curl_slist_append(headers, line)
    }
    unsafe vm_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
  }

  /// C: curl_mime_data(3) copies.
  private static func add(_ part: HTTPRequest.FormPart, to form: OpaquePointer?) {
    let entry = unsafe curl_mime_addpart(form)
    switch part {
    case .field(let name, let value):
      unsafe curl_mime_name(entry, name)
      let bytes = Array(value.utf8)
      _ = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe curl_mime_data(
          entry, UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self),
          buffer.count)
      }
    case .file(let name, let filename, let type, let bytes):
      unsafe curl_mime_name(entry, name)
      unsafe curl_mime_filename(entry, filename)
      unsafe curl_mime_type(entry, type)
      _ = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe curl_mime_data(
          entry, UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self),
          buffer.count)
      }
    }
  }

  func free() {
    unsafe curl_slist_free_all(headers)
    unsafe curl_mime_free(form)
  }
}

/// Collects an answer up to a limit.
private final class AnswerSink {
  private let limit: Int
  private(set) var bytes: [UInt8] = []
  private(set) var isTooLarge = false

  init(limit: Int) { self.limit = limit }

  /// False: stop.
  func take(_ piece: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count + piece.count <= limit else {
      isTooLarge = true
      return false
    }
    unsafe bytes.append(contentsOf: piece)
    return true
  }
}

/// C: CURLOPT_WRITEFUNCTION(3); another number than that of the bytes ends the transfer.
private func receive(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let context = unsafe context else { return 0 }
  let sink = unsafe Unmanaged<AnswerSink>.fromOpaque(context).takeUnretainedValue()
  let length = size * count
  return unsafe sink.take(UnsafeRawBufferPointer(start: data, count: length)) ? length : 0
}
