/// Why an entry of the list of trusted sources was refused.
package struct InvalidSource: Error, Sendable, Equatable {
  package var entry: String
  package var sentence: String
}

/// The SMTP clients whose word about a message is believed.
///
/// Headers are text that anyone can write, and fake voicemail is a common phishing lure: whoever is
/// not in this list gets no transcript, whatever the message says of itself.
package struct TrustedSources: Sendable, Equatable {
  package var networks: [IPNetwork]
  /// Whether a client that has logged in is trusted, wherever it is.
  package var authenticated = false

  /// The entry that stands for such clients.
  package static let authenticatedEntry = "authenticated"

  /// This host, private networks (RFC 1918, RFC 4193) and link-local addresses.
  package static let privateNetworkEntries = [
    "127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
    "fc00::/7", "fe80::/10",
  ]

  /// The default: `privateNetworkEntries`.
  package static let privateNetworks = TrustedSources(
    networks: privateNetworkEntries.compactMap { try? network($0) })

  package init(networks: [IPNetwork]) {
    self.networks = networks
  }

  /// Reads addresses and networks as Postfix's `mynetworks` writes them; the first wrong one throws.
  package init(entries: [String]) throws(InvalidSource) {
    var networks: [IPNetwork] = []
    for entry in entries {
      if entry == Self.authenticatedEntry {
        authenticated = true
      } else {
        networks.append(try Self.network(entry))
      }
    }
    self.networks = networks
  }

  /// Whether the client is trusted, as far as is known of it now.
  package func contains(_ client: ClientFacts) -> Bool {
    authenticated && client.isAuthenticated || contains(client.address)
  }

  /// Whether the client with that textual address is trusted.
  ///
  /// nil is a client on a Unix socket: it is on this host, and the socket's permissions let it in.
  package func contains(_ address: String?) -> Bool {
    guard let address else { return true }
    guard let parsed = IPAddress(address) else { return false }
    return networks.contains { $0.contains(parsed) }
  }

  private static func network(_ text: String) throws(InvalidSource) -> IPNetwork {
    let entry = SafeText.line(text, limit: 80)
    func invalid(_ why: String) -> InvalidSource {
      InvalidSource(entry: entry, sentence: "source \"\(entry)\" \(why)")
    }
    guard !entry.isEmpty else { throw invalid("is empty") }
    let fields = entry.split(separator: "/", omittingEmptySubsequences: false)
    guard fields.count <= 2, let address = IPAddress(String(fields[0])) else {
      throw invalid("is neither an IP address nor a network such as 192.168.0.0/16")
    }
    guard fields.count == 2 else { return IPNetwork(first: address, prefixLength: 128) }

    // `::ffff:10.0.0.0/104` counts in 128 bits, `10.0.0.0/8` in 32.
    let isDotted = !fields[0].contains(":")
    let limit = isDotted ? 32 : 128
    guard fields[1].utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(fields[1]),
      length <= limit
    else { throw invalid("has a prefix length that is not a number from 0 to \(limit)") }
    let prefixLength = isDotted ? length + 96 : length
    guard address.bits & ~IPNetwork.mask(prefixLength) == 0 else {
      throw invalid(
        "has address bits set after the first \(length); write the network's first address")
    }
    return IPNetwork(first: address, prefixLength: prefixLength)
  }
}
