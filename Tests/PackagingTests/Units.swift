import Foundation
import TestSupport
import Testing

@Suite("systemd units") struct Units {
  /// Copies that name the program where it is.
  private func units() throws -> (TemporaryDirectory, [String]) {
    let directory = try TemporaryDirectory()
    let paths = try ["service", "socket"].map { kind in
      let text = try Sources.text("debian/voicemail-milter.\(kind)")
        .replacingOccurrences(of: "=/usr/sbin/voicemail-milter", with: "=\(RunningMilter.program)")
      let path = directory.file("voicemail-milter.\(kind)")
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return path
    }
    return (directory, paths)
  }

  @Test func `have nothing that systemd does not know`() throws {
    let (directory, paths) = try units()
    let verified = try Sources.run("/usr/bin/systemd-analyze", ["verify", "--man=no"] + paths)
    #expect(verified.said == "")
    #expect(verified.status == 0)
    _ = directory
  }

  @Test func `are exposed to 1.5 at most, by systemd's own count`() throws {
    let (directory, paths) = try units()
    let judged = try Sources.run(
      "/usr/bin/systemd-analyze",
      ["security", "--offline=yes", "--no-pager", "--threshold=15", paths[0]])
    #expect(judged.status == 0, "\(judged.said)")
    #expect(judged.said.contains("Overall exposure level"))
    _ = directory
  }

  @Test func `listen where the settings say`() throws {
    let text = try Sources.text("debian/voicemail-milter.socket")
    let standard = try Sources.run(RunningMilter.program, ["settings", "--defaults"]).said
    let path = try #require(text.firstMatch(of: /\nListenStream=(.*)\n/)?.1)
    #expect(standard.contains("\nlisten = unix:\(path)\n"))
  }

  @Test func `the AppArmor profile is one`() throws {
    // -Q: the kernel need not have AppArmor.
    let parsed = try Sources.run(
      "/sbin/apparmor_parser", ["-Q", "-T", "-W", "\(Sources.root)/debian/apparmor-profile"])
    #expect(parsed.status == 0, "\(parsed.said)")
    // The one that the unit asks for.
    let unit = try Sources.text("debian/voicemail-milter.service")
    let name = try #require(unit.firstMatch(of: /\nAppArmorProfile=-(.*)\n/)?.1)
    let profile = try Sources.text("debian/apparmor-profile")
    #expect(profile.contains("\nprofile \(name) flags="))
    #expect(profile.contains("<local/\(name)>"))
  }

  /// Sockets= and Restart=always: a service that is left running or starting brings its socket back within seconds.
  @Test(arguments: [
    "docs/troubleshooting.md", "docs/upgrade.md", "docs/administration.md", "README.md",
  ])
  func `whoever is told to stop the socket is told to stop the service`(page: String) throws {
    for stop in try Sources.text(page).matches(of: /systemctl stop [^`\n]*milter\.socket[^`\n]*/) {
      let units = stop.output.split(separator: " ")
      #expect(
        units.contains("voicemail-milter.service") || units.contains("voicemail-milter"),
        "\(page): \(stop.output)")
    }
  }

  @Test func `the service is ordered against what starts Postfix, which is its instance`() throws {
    let before = try #require(
      try Sources.text("debian/voicemail-milter.service").firstMatch(of: /\nBefore=(.*)/)?.1)
    #expect(before.split(separator: " ").contains("postfix@-.service"))
    // Debian's own: /bin/true.
    let dummy = try String(contentsOfFile: "/lib/systemd/system/postfix.service", encoding: .utf8)
    #expect(dummy.contains("\nExecStart=/bin/true\n"))
  }
}
