internal import CCurl
internal import Voicemail

/// Sends requests to one engine with libcurl, one at a time. Time and size of every answer are bounded.
struct HTTPClient {
  static let answerLimit = 8 << 20
  static let tooMuch = EngineFailure.retryable("answered with more than \(answerLimit >> 20) MB")
  static let userAgent = "voicemail-milter"

  var caFile: String?
  var proxy: String?

  func send(_ request: HTTPRequest, before deadline: ContinuousClock.Instant)
    throws(EngineFailure) -> HTTPResponse
  {
    guard CurlOptions.isReady, let handle = unsafe curl_easy_init() else {
      throw .retryable("libcurl cannot be set up")
    }
    defer { unsafe curl_easy_cleanup(handle) }
    let option = unsafe CurlOptions(handle)
    try option.reach(request.url, caFile: caFile, proxy: proxy, before: deadline)
    option.set(CURLOPT_CUSTOMREQUEST, request.method)
    option.set(CURLOPT_USERAGENT, Self.userAgent)
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
      guard code == CURLE_OK else {
        throw sink.isTooLarge ? Self.tooMuch : CurlOptions.failure(code)
      }
      return option.response(body: sink.bytes)
    }
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
        throw HTTPRequest.unfitKey
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
