/// The domains whose DKIM signatures are ours to break: `[recognition] own_domains`.
package struct OwnDomains: Sendable, Equatable {
  private let names: [String]

  /// Lower case: `example.com`.
  package init(_ names: [String] = []) {
    self.names = names
  }

  /// Whether it is one of them or below one.
  func contains(_ domain: String) -> Bool {
    let domain = domain.lowercased()
    return names.contains { domain == $0 || domain.hasSuffix(".\($0)") }
  }
}
