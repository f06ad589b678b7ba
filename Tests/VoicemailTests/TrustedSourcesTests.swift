import Testing
import Voicemail

@Suite struct `Trusted sources` {
  static let inside = [
    "127.0.0.1", "127.255.255.255", "::1", "10.1.2.3", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.1.1", "fc00::1", "fdff:ffff::1", "fe80::1", "fe80::1%eth0",
    "::ffff:127.0.0.1", "::ffff:c0a8:0101", "[::1]", "IPv6:fe80::1", "FE80::A",
  ]
  static let outside = [
    "128.0.0.1", "172.32.0.1", "172.15.255.255", "192.169.0.1", "203.0.113.9", "::2",
    "2001:db8::1", "fec0::1", "fbff::1", "::ffff:8.8.8.8", "", "unknown", "127.0.0.1.evil",
    "127.0.0", "127.0.0.256", "0127.0.0.1", "127.0.0.1\n", "::1::", ":::1", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "::127.0.0.1", "fe80::1:g", "12345::", "+1::", "fe80:", ":fe80",
    "1.2.3.4::",
  ]

  @Test(arguments: inside) func `private addresses are trusted by default`(_ address: String) {
    #expect(TrustedSources.privateNetworks.contains(address))
  }

  @Test(arguments: outside) func `other addresses and garbage are not`(_ address: String) {
    #expect(!TrustedSources.privateNetworks.contains(address))
  }

  @Test func `all default entries are read`() throws {
    #expect(
      TrustedSources.privateNetworks.networks.count == TrustedSources.privateNetworkEntries.count)
    #expect(
      try TrustedSources(entries: TrustedSources.privateNetworkEntries) == .privateNetworks)
  }

  @Test func `a client on a Unix socket is on this host`() {
    #expect(TrustedSources(networks: []).contains(nil))
  }

  @Test func `mapped networks, single addresses and whole families are what they say`() throws {
    let mapped = try TrustedSources(entries: ["[::ffff:192.0.2.0]/120"])
    #expect(mapped.contains("192.0.2.7") && !mapped.contains("192.0.3.7"))
    let single = try TrustedSources(entries: ["192.0.2.7", "2001:db8::7"])
    #expect(single.contains("192.0.2.7") && !single.contains("192.0.2.8"))
    #expect(single.contains("2001:0db8:0:0::7") && !single.contains("2001:db8::8"))
    let all4 = try TrustedSources(entries: ["0.0.0.0/0"])
    #expect(all4.contains("8.8.8.8") && !all4.contains("2001:db8::1"))
    let all6 = try TrustedSources(entries: ["::/0"])
    #expect(all6.contains("2001:db8::1") && !all6.contains("8.8.8.8"))
  }

  static let wrong = [
    ("", "source \"\" is empty"),
    (
      "pbx.example",
      "source \"pbx.example\" is neither an IP address nor a network such as 192.168.0.0/16"
    ),
    (
      "10.0.0.0/8/8",
      "source \"10.0.0.0/8/8\" is neither an IP address nor a network such as 192.168.0.0/16"
    ),
    (
      "10.0.0.0/33",
      "source \"10.0.0.0/33\" has a prefix length that is not a number from 0 to 32"
    ),
    ("fe80::/+10", "source \"fe80::/+10\" has a prefix length that is not a number from 0 to 128"),
    ("10.0.0.0/", "source \"10.0.0.0/\" has a prefix length that is not a number from 0 to 32"),
    (
      "192.168.1.5/24",
      "source \"192.168.1.5/24\" has address bits set after the first 24; write the network's first address"
    ),
  ]

  @Test(arguments: wrong) func `a wrong entry is named with what is wrong`(
    _ entry: String, _ sentence: String
  ) {
    let error = #expect(throws: InvalidSource.self) {
      try TrustedSources(entries: ["::1", entry])
    }
    #expect(error?.sentence == sentence)
  }
}
