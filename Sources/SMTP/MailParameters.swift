/// Which ESMTP parameters of the original transaction are sent again.
///
/// 1. A parameter goes out only when the listener offers its extension, else it would answer 555.
/// 2. SIZE is recomputed (RFC 1870). AUTH is dropped: who authenticated then is not who speaks now.
/// 3. BODY tells the truth about the content that is sent, not about the original.
/// 4. What was left out for lack of an offer is named in `remarks`.
struct MailParameters {
  private(set) var remarks: [String] = []
  private let extensions: ServerExtensions

  init(_ extensions: ServerExtensions) { self.extensions = extensions }

  mutating func forMail(_ submission: Submission, content: ContentFacts) -> [String] {
    var result: [String] = []
    if extensions.hasSize { result.append("SIZE=\(content.wireBytes)") }
    result += body(submission.senderParameters, content: content)
    result += smtpUTF8(submission)
    for parameter in submission.senderParameters {
      switch MailParameters.keyword(parameter) {
      case "SIZE", "AUTH", "BODY", "SMTPUTF8": continue
      case "RET", "ENVID": keep(parameter, if: "DSN", in: &result)
      case let keyword: keep(parameter, if: keyword, in: &result)
      }
    }
    return result
  }

  mutating func forRecipient(_ recipient: SubmissionRecipient) -> [String] {
    var result: [String] = []
    for parameter in recipient.parameters {
      switch MailParameters.keyword(parameter) {
      case "NOTIFY", "ORCPT": keep(parameter, if: "DSN", in: &result)
      case let keyword: keep(parameter, if: keyword, in: &result)
      }
    }
    return result
  }

  /// Parameters of a command that is relayed as it comes, before its content is known.
  ///
  /// SIZE and BODY are what the client says of the same bytes, so they stay as they are.
  mutating func relayed(_ parameters: [String]) -> [String] {
    var result: [String] = []
    for parameter in parameters {
      switch MailParameters.keyword(parameter) {
      case "AUTH": continue
      case "BODY": keep(parameter, if: "8BITMIME", in: &result)
      case "RET", "ENVID", "NOTIFY", "ORCPT": keep(parameter, if: "DSN", in: &result)
      case let keyword: keep(parameter, if: keyword, in: &result)
      }
    }
    return result
  }

  /// RFC 6152. BINARYMIME needs CHUNKING, which this client does not speak.
  private func body(_ parameters: [String], content: ContentFacts) -> [String] {
    guard extensions.has8BitMIME else { return [] }
    if content.hasEightBit { return ["BODY=8BITMIME"] }
    let original = parameters.last { MailParameters.keyword($0) == "BODY" }?.uppercased()
    return original == "BODY=8BITMIME" || original == "BODY=7BIT" ? [original ?? ""] : []
  }

  /// RFC 6531. Without the offer the listener itself decides over an address it cannot name.
  private mutating func smtpUTF8(_ submission: Submission) -> [String] {
    let asked = submission.senderParameters.contains { $0.uppercased() == "SMTPUTF8" }
    let addresses = [submission.sender] + submission.recipients.map(\.address)
    let needed = addresses.contains { address in address.utf8.contains { $0 >= 0x80 } }
    guard asked || needed else { return [] }
    if extensions.hasSMTPUTF8 { return ["SMTPUTF8"] }
    remark("SMTPUTF8")
    return []
  }

  private mutating func keep(
    _ parameter: String, if keyword: String, in result: inout [String]
  ) {
    // RFC 5321, 4.1.2: printable ASCII; RFC 6531 adds UTF-8. Anything else would break the line.
    let isSendable =
      !parameter.isEmpty && parameter.utf8.count <= 600
      && parameter.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    if isSendable && extensions.offers(keyword) {
      result.append(parameter)
    } else {
      remark(MailParameters.keyword(parameter))
    }
  }

  private mutating func remark(_ keyword: String) {
    let name = String(keyword.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.prefix(20))
    let line = "parameter \(name) left out: not offered by the listener, or malformed"
    if !remarks.contains(line) { remarks.append(line) }
  }

  private static func keyword(_ parameter: String) -> String {
    String(parameter.prefix { $0 != "=" }).uppercased()
  }
}
