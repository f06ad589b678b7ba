internal import Glibc
internal import Operations

/// Where the daemon listens and where it gives messages back, by the settings: no two of them may be one place.
enum Endpoints {
  static func check(_ settings: Settings) throws(CommandFailure) {
    var taken: [String: String] = [:]
    let listening = [
      ("[milter] listen", settings.milterListen),
      ("[content_filter] listen", settings.contentFilterListen ?? ""),
      ("[status] listen", settings.statusListen ?? ""),
    ]
    for (key, text) in listening {
      guard let place = place(text) else { continue }
      if let other = taken[place] {
        throw CommandFailure("\(key): \(text) is \(other) already; each needs a place of its own")
      }
      taken[place] = key
    }
    let target = settings.delivery.target
    if let place = place(target), let own = taken[place] {
      throw CommandFailure(
        "[delivery] target: \(target) is \(own), this filter itself; name the MTA's listener")
    }
    try checkGroup(settings.socketGroup, "[milter] socket_group", of: settings.milterListen)
    try checkGroup(
      settings.contentFilterSocketGroup, "[content_filter] socket_group",
      of: settings.contentFilterListen ?? "")
  }

  /// The same text for each way to write a place; nil for what is no address, such as a socket of systemd's.
  private static func place(_ text: String) -> String? {
    if text.hasPrefix("/") { return text }
    let kind = text.prefix { $0 != ":" }
    let rest = text.dropFirst(kind.count + 1)
    switch kind {
    case "unix", "local": return String(rest)
    case "inet", "inet6":
      let parts = rest.split(separator: "@", maxSplits: 1)
      guard let port = parts.first else { return nil }
      return place(host: parts.count == 2 ? parts[1] : kind == "inet" ? "127.0.0.1" : "::1", port)
    case "fd", "sendmail": return nil
    default:
      let address = kind == "smtp" ? rest : text[...]
      guard let colon = address.lastIndex(of: ":") else { return nil }
      return place(host: address[..<colon], address[address.index(after: colon)...])
    }
  }

  private static func place(host: Substring, _ port: Substring) -> String {
    let name = host.filter { !"[]".contains($0) }.lowercased()
    return "\(name == "localhost" ? "127.0.0.1" : name) port \(port)"
  }

  /// C: getgrnam(3)
  private static func checkGroup(_ name: String?, _ key: String, of listen: String)
    throws(CommandFailure)
  {
    guard let name, !listen.isEmpty, unsafe getgrnam(name) == nil else { return }
    throw CommandFailure("\(key): no group \"\(name)\" on this system")
  }
}
