internal import Voicemail

/// What a refusing answer means, for all engines alike; each may know better for its own codes.
enum AnswerFailure {
  /// `message`: the server's own words, `keyFile`: what to look at when the key is wrong.
  static func of(
    _ response: HTTPResponse, message: String, code: String = "", keyFile: String?
  ) -> EngineFailure {
    let said = message.isEmpty ? "" : ": \(message)"
    let status = response.status
    if isUnpaid(code) || status == 402 {
      return .administrator("has no credit or quota left (\(status)\(said))")
    }
    if status == 413 || status == 400 && isTooLarge(message) {
      return .tooLarge("the recording is too large for it (\(status)\(said))")
    }
    switch status {
    case 300..<400:
      let place = response.location.map { " to \(host(of: $0))" } ?? ""
      return .administrator("answered with a redirect\(place), which is not followed; set url")
    case 401, 407: return .administrator("refuses \(keyPlace(keyFile)) (\(status)\(said))")
    case 403:
      let file = keyFile.map { "with the key in \($0)" } ?? "without key_file"
      return .administrator("does not permit this \(file) (403\(said))")
    case 404, 405, 410:
      return .administrator("does not know the model, or url is wrong (\(status)\(said))")
    // 499: Google's "cancelled".
    case 408, 425, 429, 499, 500...599:
      return .busy("is busy or broken (\(status)\(said))", afterSeconds: response.retryAfter)
    default: return .audio("refused the request (\(status)\(said))")
    }
  }

  static func keyPlace(_ keyFile: String?) -> String {
    keyFile.map { "the key in \($0)" } ?? "a request without key_file"
  }

  /// vLLM and Google refuse with 400 what is too large, and with these words.
  private static func isTooLarge(_ message: String) -> Bool {
    let words = message.lowercased()
    return ["maximum file size exceeded", "sync input too long", "payload size exceeds the limit"]
      .contains { words.contains($0) }
  }

  private static func isUnpaid(_ code: String) -> Bool {
    ["insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"].contains(code)
  }

  /// Of a URL, without what may be secret in it.
  private static func host(of url: String) -> String {
    let rest = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
    return String((rest.split(separator: "@").last ?? "").prefix(100))
  }
}
