import MilterBridge
import Testing

/// The notation of `listen`.
@Suite struct ListenAddresses {
  @Test(
    arguments: [
      ("unix:/run/m.sock", .unix(path: "/run/m.sock")),
      ("local:/run/m.sock", .unix(path: "/run/m.sock")),
      ("/run/m.sock", .unix(path: "/run/m.sock")),
      ("inet:8891", .inet(port: 8891, host: "127.0.0.1")),
      ("inet:8891@10.0.0.1", .inet(port: 8891, host: "10.0.0.1")),
      ("inet6:8891", .inet6(port: 8891, host: "::1")),
      ("inet6:8891@[2001:db8::1]", .inet6(port: 8891, host: "2001:db8::1")),
      ("fd:3", .descriptor(3)),
    ] as [(String, ListenAddress)])
  func `an address is read, and reads back what it prints`(text: String, address: ListenAddress)
    throws
  {
    #expect(try ListenAddress(text) == address)
    #expect(try ListenAddress(address.description) == address)
  }

  @Test(arguments: [
    ("", "want unix:/path, inet:port@host, inet6:port@host or fd:n"),
    ("m.sock", "want unix:/path, inet:port@host, inet6:port@host or fd:n"),
    ("unix:m.sock", "the path must begin with /"),
    ("inet:", #""" is no port number from 1 to 65535"#),
    ("inet:0", #""0" is no port number from 1 to 65535"#),
    ("inet:65536@x", #""65536" is no port number from 1 to 65535"#),
    ("inet:smtp", #""smtp" is no port number from 1 to 65535"#),
    ("inet:25@", "nothing stands after @"),
    ("fd:-1", #""-1" is no descriptor number"#),
    ("fd:99999999999", #""99999999999" is no descriptor number"#),
    ("tcp:25", #"unknown kind "tcp"; want unix, inet, inet6 or fd"#),
    ("unix:/a\0b", "the path has a NUL in it"),
  ])
  func `what is no address is an error of one line`(text: String, reason: String) {
    let error = #expect(throws: MilterError.self) { try ListenAddress(text) }
    #expect(error?.description == "milter socket \(text): \(reason)")
    #expect(error?.code == .badAddress)
  }

  @Test func `a path is as long as the system allows and no longer`() throws {
    let longest = "/" + String(repeating: "x", count: 106)
    #expect(try ListenAddress("unix:" + longest) == .unix(path: longest))
    let error = #expect(throws: MilterError.self) { try ListenAddress("unix:" + longest + "x") }
    #expect(error?.reason == "the path has 108 bytes, the system allows 107")
  }
}
