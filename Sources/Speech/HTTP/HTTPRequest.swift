internal import Voicemail

/// One request to an engine.
struct HTTPRequest {
  /// A part of a multipart/form-data body.
  enum FormPart: Equatable {
    case field(String, String)
    case file(String, filename: String, type: String, [UInt8])
  }

  enum Body: Equatable {
    case none
    case bytes([UInt8], type: String)
    case form([FormPart])
  }

  /// AWS signature version 4, made by libcurl.
  struct Signing: Equatable {
    var region: String
    var service: String
    var keyID: String
    var secret: String
  }

  /// It would be a header field of its own.
  static let unfitKey = EngineFailure.administrator("its key has a control character")

  var method: String
  var url: String
  var headers: [(name: String, value: String)] = []
  var body = Body.none
  var signing: Signing?

  init(_ method: String, _ url: String, body: Body = .none) {
    self.method = method
    self.url = url
    self.body = body
  }
}

/// What came back; the body is whole and within the client's limit.
struct HTTPResponse: Equatable {
  var status: Int
  var body: [UInt8]
  /// Its `Content-Type`, in lower case; empty where none is told.
  var type = ""
  /// Seconds of `Retry-After`, which may also be a date.
  var retryAfter: Int?
  /// Where a redirect points.
  var location: String?

  var isGood: Bool { (200..<300).contains(status) }

  /// Of the seconds that a server asks for: nobody waits longer than five minutes.
  static func retryAfter(_ seconds: Int) -> Int? { seconds > 0 ? min(seconds, 300) : nil }
}
