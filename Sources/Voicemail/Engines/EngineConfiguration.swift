/// An engine as the settings describe it: section `[engine NAME]`.
package struct EngineConfiguration: Sendable, Codable, Equatable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case pocketsphinx
    case whisperServer = "whisper-server"
    case whisperCLI = "whisper-cli"
    case openai, google, amazon, azure, deepgram, vosk, command

    /// Whether recordings leave this host, unless `url` names it.
    package var usesNetwork: Bool {
      ![.pocketsphinx, .whisperCLI, .command].contains(self)
    }

    /// Where it is asked unless `url` says another, of those that are asked on this host then.
    package var urlOnThisHost: String? {
      switch self {
      case .whisperServer: "http://127.0.0.1:8080"
      case .vosk: "ws://127.0.0.1:2700"
      default: nil
      }
    }
  }

  package var name: String
  package var kind: Kind
  package var url: String?
  /// Of the credentials; a name without a slash is one of systemd's.
  package var keyFile: String?
  package var model: String?
  /// For a recording of up to a minute; each further minute as much again.
  package var timeoutMS: Int
  /// Requests at the same time; 0 is no limit.
  package var concurrency: Int
  /// 0 is no limit, here and below.
  package var minutesPerDay: Int
  package var minutesPerMonth: Int
  /// Within an hour.
  package var messagesPerClient: Int
  package var messagesPerRecipient: Int
  /// 0 to 1; nil is the engine's own.
  package var lowConfidence: Double?
  package var caFile: String?
  package var proxy: String?
  /// Program and its arguments.
  package var program: [String]
  package var memoryBytes: Int
  package var region: String?
  package var bucket: String?
  package var vocabularyName: String?
  package var s3URL: String?
  package var project: String?
  package var location: String?

  package init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
    timeoutMS = 60_000
    concurrency = 0
    minutesPerDay = 0
    minutesPerMonth = 0
    messagesPerClient = 0
    messagesPerRecipient = 0
    program = []
    memoryBytes = 0
  }

  /// The embedded engine, which needs no section.
  package static let embedded = EngineConfiguration(name: "pocketsphinx", kind: .pocketsphinx)

  /// Whether recordings stay on this host: `url` names a loopback address, or the engine has none. A program may do
  /// what it likes; the administrator chose it.
  package var staysHere: Bool {
    guard kind.usesNetwork else { return true }
    guard let url = url ?? kind.urlOnThisHost, let slashes = url.firstRange(of: "://") else {
      return false
    }
    let authority = url[slashes.upperBound...].prefix { !"/?#".contains($0) }
    guard !authority.contains("@") else { return false }
    if authority.hasPrefix("[") { return authority.prefix { $0 != "]" } == "[::1" }
    let host = String(authority.prefix { $0 != ":" })
    return host == "localhost" || (host.hasPrefix("127.") && IPAddress(host) != nil)
  }

  /// Longest time for one recording of that length.
  package func limit(audioSeconds: Double) -> Duration {
    let minutes = audioSeconds > 60 ? audioSeconds / 60 : 1
    return .milliseconds(Int(Double(timeoutMS) * min(minutes, 1_440)))
  }
}
