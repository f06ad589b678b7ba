import TestSupport
import Testing

/// What debian's scripts do with the spool when the package goes; Scripts/package-test has dpkg run them.
@Suite struct Removal {
  /// Runs `prerm remove` and `postrm purge` with a /var/lib of their own, in which `before` was run; what they said,
  /// and what is left in the state directory.
  private func removed(after before: String, _ environment: [String] = []) throws -> String {
    let directory = try TemporaryDirectory()
    try ChildProcess.install(
      script: "exec '\(RunningMilter.program)' \"$@\"", at: directory.file("voicemail-milter"))
    // No user of the package's is here.
    try ChildProcess.install(
      script: "shift 3; exec \"$@\"", at: directory.file("runuser"))
    let script = """
      set -e
      mount -t tmpfs tmpfs /var/lib
      mkdir /var/lib/voicemail-milter
      cd /var/lib/voicemail-milter
      \(before)
      sh "$1/debian/voicemail-milter.prerm" remove
      sh "$1/debian/voicemail-milter.postrm" purge
      ls /var/lib/voicemail-milter
      """
    let ran = try Sources.run(
      "/usr/bin/env",
      environment + [
        "PATH=\(directory.path):/usr/sbin:/usr/bin:/sbin:/bin", "unshare", "--mount", "sh", "-c",
        script, "sh", Sources.root,
      ])
    return ran.said
  }

  @Test func `a spool that cannot be read is kept`() throws {
    // As a mistake in conf.d: where the spool is, nobody knows then.
    let said = try removed(
      after: "touch spool.sqlite", ["VOICEMAIL_MILTER_DAEMON_STATE_DIRECTORY=x"])
    #expect(said.contains("[daemon] state_directory = x: must be"), "\(said)")
    #expect(said.contains("what is in the spool cannot be told"), "\(said)")
    #expect(said.contains("/var/lib/voicemail-milter is kept"), "\(said)")
    #expect(said.contains("spool.sqlite\nundelivered\n"), "\(said)")
  }

  @Test func `a mark of before goes once the spool is known to be empty`() throws {
    let milter = try RunningMilter(["milter.listen": ""])
    milter.kill()
    let said = try removed(after: "cp \(milter.stateDirectory)/spool.sqlite* .; touch undelivered")
    #expect(!said.contains("undelivered messages"), "\(said)")
    #expect(said.contains("cannot access '/var/lib/voicemail-milter'"), "\(said)")
  }

  @Test func `where there is no spool, nothing is kept`() throws {
    let said = try removed(after: "", ["VOICEMAIL_MILTER_DAEMON_WORKERS=x"])
    #expect(said.contains("cannot access '/var/lib/voicemail-milter'"), "\(said)")
  }
}
