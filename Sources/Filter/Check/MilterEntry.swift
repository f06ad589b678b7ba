internal import MilterBridge

/// One milter of a list in main.cf: `unix:PATH`, or `{ unix:PATH, NAME=VALUE, ... }` (MILTER_README of Postfix).
struct MilterEntry {
  var address: String
  /// As main.cf has it.
  private(set) var written: String
  var options: [String: String] = [:]

  /// All of a list; its entries are divided by commas and spaces outside of braces.
  static func list(_ text: String) -> [MilterEntry] {
    var entries: [String] = []
    var word = ""
    var depth = 0
    for character in text {
      if character == "{" { depth += 1 }
      if character == "}" { depth -= 1 }
      if depth == 0, character == "," || character == " " {
        entries.append(word)
        word = ""
      } else {
        word.append(character)
      }
    }
    return (entries + [word]).filter { !$0.isEmpty }.map(MilterEntry.init(written:))
  }

  /// The same without spaces: postconf(1) takes none in options of master.cf.
  var compact: String {
    let words = written.split { "{}, ".contains($0) }.joined(separator: ",")
    return written.hasPrefix("{") ? "{\(words)}" : words
  }

  private init(written: String) {
    let words = written.split { "{}, ".contains($0) }.map(String.init)
    address = words.first ?? ""
    self.written = written
    for word in words.dropFirst() {
      guard let mark = word.firstIndex(of: "=") else { continue }
      options[String(word[..<mark])] = String(word[word.index(after: mark)...])
    }
  }

  /// Whether Postfix finds us there: a path is relative to the queue directory, or to it as root when chrooted.
  func leads(to listen: ListenAddress, queueDirectory: String, isChrooted: Bool) -> Bool {
    switch listen {
    case .unix(let path):
      guard let found = self.path(queueDirectory: queueDirectory, isChrooted: isChrooted) else {
        return false
      }
      return realPath(found) == realPath(path)
    case .inet(let port, let host), .inet6(let port, let host):
      return address.hasPrefix("inet") && address.hasSuffix(":\(port)")
        && (address.contains(":\(host):") || address.contains(":[\(host)]:")
          || address.contains(":localhost:"))
    // systemd made that socket: its name is all there is to go by.
    case .descriptor: return address.contains("voicemail-milter")
    }
  }

  /// In the file system; nil when it is no Unix socket.
  func path(queueDirectory: String, isChrooted: Bool) -> String? {
    guard address.hasPrefix("unix:") || address.hasPrefix("local:") else { return nil }
    let path = address.drop { $0 != ":" }.dropFirst()
    return path.hasPrefix("/") && !isChrooted ? String(path) : "\(queueDirectory)/\(path)"
  }

  /// How it is written for this filter; nil where Postfix could not reach it.
  static func text(for listen: ListenAddress, queueDirectory: String, isChrooted: Bool) -> String? {
    let address: String
    switch listen {
    case .unix(let path) where path.hasPrefix(queueDirectory + "/"):
      address = "unix:\(path.dropFirst(queueDirectory.count + 1))"
    case .unix(let path):
      guard !isChrooted else { return nil }
      address = "unix:\(path)"
    case .inet(let port, let host): address = "inet:\(host):\(port)"
    case .inet6(let port, let host): address = "inet:[\(host)]:\(port)"
    case .descriptor: address = "unix:voicemail-milter/milter.sock"
    }
    return
      "{ \(address), default_action=accept, connect_timeout=10s, command_timeout=30s, content_timeout=120s }"
  }
}
