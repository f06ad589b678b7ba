/// One command line of a client (RFC 5321, 4.1.1).
package enum SMTPCommand: Sendable, Equatable {
  /// `extended`: EHLO.
  case hello(name: String, extended: Bool)
  case mail(address: String, parameters: [String])
  case recipient(address: String, parameters: [String])
  case data
  case reset
  case noop
  case verify
  case quit
  /// Attribute and value, decoded; nil is `[UNAVAILABLE]`.
  case forward([ForwardedAttribute])
  /// A verb we do not know.
  case unknown
  /// Known, but not as it must be; with the reply that says so.
  case wrong(SMTPReply)

  /// Reads a line without its line end; any bytes give an answer.
  init(line: ArraySlice<UInt8>) {
    let verb = line.prefix { $0 != 0x20 }
    let rest = CommandArguments.trimmed(line.dropFirst(verb.count))
    guard let name = String(validating: verb, as: UTF8.self), name.utf8.count <= 16 else {
      self = .unknown
      return
    }
    switch name.uppercased() {
    case "EHLO": self = Self.hello(rest, extended: true)
    case "HELO": self = Self.hello(rest, extended: false)
    case "MAIL":
      self = Self.path(rest, after: "FROM:", known: ["SIZE", "BODY", "SMTPUTF8", "RET", "ENVID"]) {
        .mail(address: $0, parameters: $1)
      }
    case "RCPT":
      self = Self.path(rest, after: "TO:", known: ["NOTIFY", "ORCPT"]) { address, parameters in
        address.isEmpty
          ? .wrong(SMTPReply(501, "5.1.3 A recipient has an address"))
          : .recipient(address: address, parameters: parameters)
      }
    case "DATA": self = Self.bare(.data, rest)
    case "RSET": self = Self.bare(.reset, rest)
    case "QUIT": self = Self.bare(.quit, rest)
    case "NOOP": self = .noop
    case "VRFY": self = .verify
    case "XFORWARD": self = Self.forward(rest)
    default: self = .unknown
    }
  }

  private static func hello(_ rest: ArraySlice<UInt8>, extended: Bool) -> SMTPCommand {
    guard !rest.isEmpty, rest.count <= 255, rest.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
      let name = String(validating: rest, as: UTF8.self)
    else {
      return .wrong(SMTPReply(501, "5.5.4 \(extended ? "EHLO" : "HELO") needs a host name"))
    }
    return .hello(name: name, extended: extended)
  }

  private static func bare(_ command: SMTPCommand, _ rest: ArraySlice<UInt8>) -> SMTPCommand {
    rest.isEmpty ? command : .wrong(SMTPReply(501, "5.5.4 No argument expected"))
  }

  private static func path(
    _ rest: ArraySlice<UInt8>, after keyword: String, known: Set<String>,
    _ make: (String, [String]) -> SMTPCommand
  ) -> SMTPCommand {
    do throws(CommandArguments.Refusal) {
      let (address, parameters) = try CommandArguments.path(rest, after: keyword, known: known)
      return make(address, parameters)
    } catch {
      return .wrong(error.reply)
    }
  }

  private static func forward(_ rest: ArraySlice<UInt8>) -> SMTPCommand {
    do throws(CommandArguments.Refusal) {
      return .forward(try ForwardedAttribute.list(rest))
    } catch {
      return .wrong(error.reply)
    }
  }
}

extension SMTPReply {
  init(_ code: Int, _ text: String) { self.init(code: code, lines: [text]) }
}
