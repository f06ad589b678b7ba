internal import CMicroHTTPD
internal import Glibc

/// What a path is answered with.
package struct HTTPAnswer: Sendable {
  package var status: UInt32
  package var contentType: String
  package var body: String

  package init(status: UInt32 = 200, _ contentType: String, _ body: String) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }
}

/// Why the status server does not listen, in words.
package struct HTTPError: Error, Sendable {
  package var sentence: String
}

/// A small HTTP server that can be read and nothing else: GET and HEAD. C: libmicrohttpd
///
/// Connections are bounded in number, in memory, in silence and in time. Pages may load nothing but each other's style, may
/// not be framed, and are told to nobody else's script: there is no CORS, and a request by another host name, as DNS
/// rebinding makes it, is refused.
@safe package final class HTTPServer: Sendable {
  private static let connectionLimit: UInt32 = 32
  private static let silenceSeconds: UInt32 = 10
  /// Requests of one connection altogether.
  package static let timeLimit = Duration.seconds(30)
  private static let headers = [
    ("Cache-Control", "no-store"),
    (
      "Content-Security-Policy",
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
  ]

  // libmicrohttpd's daemon may be stopped by any thread; nothing else is done with it.
  private nonisolated(unsafe) let daemon: OpaquePointer
  private let context: Context

  /// What libmicrohttpd's threads share.
  fileprivate final class Context: Sendable {
    let connections: HTTPConnections
    let names: @Sendable () -> Set<String>
    let answer: @Sendable (String) -> HTTPAnswer?

    init(
      limit: Duration, names: @escaping @Sendable () -> Set<String>,
      answer: @escaping @Sendable (String) -> HTTPAnswer?
    ) {
      connections = HTTPConnections(limit: limit)
      self.names = names
      self.answer = answer
    }
  }

  /// Serves until `stop`. `names`: what this host may be called besides localhost and its addresses. `answer` is called
  /// by several threads with the path; nil is 404. `limit` is how long a connection may last, whatever it does.
  package init(
    _ address: HTTPListenAddress, limit: Duration = HTTPServer.timeLimit,
    names: @escaping @Sendable () -> Set<String>,
    answer: @escaping @Sendable (String) -> HTTPAnswer?
  ) throws(HTTPError) {
    let context = Context(limit: limit, names: names, answer: answer)
    let descriptor = try address.listen()
    // Held by `context` as long as the daemon runs.
    guard
      let daemon = unsafe voicemail_start_http(
        descriptor, Self.connectionLimit, Self.silenceSeconds, answerRequest, noteConnection,
        Unmanaged.passUnretained(context).toOpaque())
    else {
      close(descriptor)
      throw HTTPError(sentence: "\(address): libmicrohttpd does not start")
    }
    self.context = context
    unsafe self.daemon = daemon
  }

  /// Ends its threads; what they answer now is finished.
  package func stop() { unsafe MHD_stop_daemon(daemon) }

  fileprivate static func answer(
    _ context: UnsafeMutableRawPointer, _ connection: OpaquePointer, _ url: String,
    _ method: String
  ) -> MHD_Result {
    let context = unsafe Unmanaged<Context>.fromOpaque(context).takeUnretainedValue()
    let host = unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, "Host")
      .map { unsafe String(cString: $0) }
    guard isOurs(host, context.names()) else {
      return unsafe send(
        HTTPAnswer(status: 421, "text/plain; charset=utf-8", "this host goes by another name\n"),
        connection)
    }
    guard method == "GET" || method == "HEAD" else {
      return unsafe send(
        HTTPAnswer(status: 405, "text/plain; charset=utf-8", "only GET and HEAD\n"), connection)
    }
    let answer =
      context.answer(url)
      ?? HTTPAnswer(status: 404, "text/plain; charset=utf-8", "nothing is here; / is the page\n")
    return unsafe send(answer, connection)
  }

  /// A name of somebody else may lead to this address; an address, or none, is nobody's name.
  static func isOurs(_ host: String?, _ names: Set<String>) -> Bool {
    guard let host else { return true }
    let name: Substring
    if host.hasPrefix("[") {
      name = host.dropFirst().prefix { $0 != "]" }
    } else {
      name = host.prefix { $0 != ":" }
    }
    let lower = name.lowercased()
    return lower == "localhost" || names.contains(lower) || isAddress(lower)
  }

  /// C: inet_pton(3)
  private static func isAddress(_ text: String) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 16)
    let isIPv4 = unsafe inet_pton(AF_INET, text, &bytes) == 1
    let isIPv6 = unsafe inet_pton(AF_INET6, text, &bytes) == 1
    return isIPv4 || isIPv6
  }

  private static func send(_ answer: HTTPAnswer, _ connection: OpaquePointer) -> MHD_Result {
    var body = Array(answer.body.utf8)
    guard
      let response = unsafe MHD_create_response_from_buffer(
        body.count, &body, .RESPMEM_MUST_COPY)
    else { return .NO }
    defer { unsafe MHD_destroy_response(response) }
    let own =
      [("Content-Type", answer.contentType)]
      + (answer.status == 405 ? [("Allow", "GET, HEAD")] : [])
    for (name, value) in headers + own { unsafe MHD_add_response_header(response, name, value) }
    return unsafe MHD_queue_response(connection, answer.status, response)
  }
}

/// C: called by libmicrohttpd when the header section of a request is there; a body is not waited for.
private func answerRequest(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?,
  _ upload: UnsafePointer<CChar>?, _ uploadSize: UnsafeMutablePointer<Int>?,
  _ request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let context = unsafe context, let connection = unsafe connection, let url = unsafe url,
    let method = unsafe method
  else { return .NO }
  return unsafe HTTPServer.answer(
    context, connection, String(cString: url), String(cString: method))
}

/// C: called by libmicrohttpd when a connection has begun, and when it has ended.
private func noteConnection(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ own: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ event: MHD_ConnectionNotificationCode
) {
  guard let context = unsafe context, let connection = unsafe connection, let own = unsafe own
  else { return }
  let connections =
    unsafe Unmanaged<HTTPServer.Context>.fromOpaque(context).takeUnretainedValue().connections
  switch event {
  case .CONNECTION_NOTIFY_STARTED:
    let descriptor = connections.started(unsafe voicemail_http_socket(connection))
    // Kept by libmicrohttpd for us; beyond 0, which is nothing.
    unsafe own.pointee = UnsafeMutableRawPointer(bitPattern: Int(descriptor) + 1)
  default: connections.ended(Int32(clamping: Int(bitPattern: unsafe own.pointee) - 1))
  }
}
