internal import FoundationEssentials
internal import Voicemail

/// A number, however it is written: `1.5`, `"1.5"`, Google's `"1.500s"`, or null.
struct LooseNumber: Decodable, Equatable {
  var value: Double?

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      value = number
    } else if let text = try? container.decode(String.self) {
      value = Double(text.hasSuffix("s") ? String(text.dropLast()) : text)
    }
    if let found = value, !found.isFinite { value = nil }
  }
}

/// A text; what is none is nothing.
struct LooseText: Decodable, Equatable {
  var value: String?

  init(_ value: String) { self.value = value }

  init(from decoder: any Decoder) throws {
    value = try? decoder.singleValueContainer().decode(String.self)
  }
}

enum LooseJSON {
  /// Names in snake_case are found as camelCase. Bytes that are no UTF-8, as whisper.cpp writes tokens that share a
  /// character, become the replacement character: without it the whole answer, or that token, were lost.
  static func decode<T: Decodable>(_ type: T.Type, _ body: [UInt8]) throws(EngineFailure) -> T {
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(type, from: Data(String(decoding: body, as: UTF8.self).utf8))
    } catch {
      throw broken(body)
    }
  }

  static func broken(_ body: [UInt8]) -> EngineFailure {
    .retryable("answered with \(body.count) bytes that are not the JSON it promises")
  }

  static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { Array($0) } ?? []
  }
}

/// The words in which servers refuse: `{"error":{"message","code"}}`, `{"error":"..."}`, `{"detail":...}`,
/// `{"message":...}`, Deepgram's `err_msg`, or plain text.
struct RefusalText: Decodable {
  private struct Inner: Decodable {
    var message: LooseText?
    var code: LooseText?
    var type: LooseText?
    var status: LooseText?
  }
  private var error: LooseText?
  private var inner: Inner?
  private var detail: LooseText?
  private var message: LooseText?
  private var errMsg: LooseText?
  private var errorDescription: LooseText?
  private var errCode: LooseText?

  private enum CodingKeys: String, CodingKey {
    case error, detail, message, errMsg, errCode, errorDescription
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    error = try container.decodeIfPresent(LooseText.self, forKey: .error)
    inner = try? container.decodeIfPresent(Inner.self, forKey: .error)
    detail = try container.decodeIfPresent(LooseText.self, forKey: .detail)
    message = try container.decodeIfPresent(LooseText.self, forKey: .message)
    errMsg = try container.decodeIfPresent(LooseText.self, forKey: .errMsg)
    errCode = try container.decodeIfPresent(LooseText.self, forKey: .errCode)
    errorDescription = try container.decodeIfPresent(LooseText.self, forKey: .errorDescription)
  }

  /// Message and code of a refusing body; its beginning when it is no JSON.
  static func read(_ body: [UInt8]) -> (message: String, code: String) {
    guard let found = try? LooseJSON.decode(RefusalText.self, body) else {
      let isMarkup = body.first { $0 > 32 } == UInt8(ascii: "<")
      return (isMarkup ? "" : String(decoding: body.prefix(300), as: UTF8.self), "")
    }
    let message =
      found.inner?.message?.value ?? found.errorDescription?.value ?? found.error?.value
      ?? found.detail?.value ?? found.message?.value ?? found.errMsg?.value ?? ""
    let code =
      found.inner?.code?.value ?? found.inner?.status?.value ?? found.inner?.type?.value
      ?? found.errCode?.value ?? (found.errorDescription == nil ? "" : found.error?.value ?? "")
    return (message, code)
  }
}
