import Foundation
import Glibc

/// A real rspamd with the shipped settings, where a Postfix of postfix-examples/rspamd looks for it.
///
/// Of its modules the signer alone runs, and no rules but its own test pattern (GTUBE): no DNS is asked, no
/// redis, and it starts at once.
package final class PrivateRspamd: Sendable {
  private let directory: TemporaryDirectory
  private let process: ChildProcess
  /// The TXT record of the key that it signs with.
  package let record: String
  package var log: String { process.errors }

  package init(for postfix: PrivatePostfix) throws {
    directory = try TemporaryDirectory()
    let home = directory.path
    record = try DKIMKey.make(at: directory.file("mail.key"))
    try FileManager.default.createDirectory(
      atPath: directory.file("local.d"), withIntermediateDirectories: true)
    for name in ["worker-proxy.inc", "dkim_signing.conf"] {
      let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../postfix-examples/rspamd/\(name)")
      let text = try String(contentsOf: shipped, encoding: .utf8)
        .replacingOccurrences(of: "/var/lib/rspamd/dkim", with: home)
      try text.write(toFile: directory.file("local.d/\(name)"), atomically: true, encoding: .utf8)
    }
    try "com\n".write(toFile: directory.file("tlds"), atomically: true, encoding: .utf8)
    // Debian's own files around the shipped ones, as far as they need no network.
    let settings = """
      options {
        pidfile = "\(home)/pid"; url_tld = "\(home)/tlds"; hs_cache_dir = "\(home)";
        history_file = "\(home)/history"; cache_file = "\(home)/cache";
        filters = "dkim"; dns { nameserver = ["127.0.0.1:9"]; timeout = 0.05s; retransmits = 1; }
      }
      logging { type = "console"; level = "info"; }
      worker "rspamd_proxy" {
        bind_socket = "127.0.0.1:\(postfix.scannerPort)";
        .include "/etc/rspamd/worker-proxy.inc"
        .include(priority=1,duplicate=merge) "\(home)/local.d/worker-proxy.inc"
      }
      actions { reject = 15; add_header = 6; }
      modules { path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }
      .include "/etc/rspamd/modules.d/dkim_signing.conf"

      """
    let file = directory.file("rspamd.conf")
    try settings.write(toFile: file, atomically: true, encoding: .utf8)
    process = try ChildProcess(
      "/usr/bin/rspamd",
      ["-f", "-i", "-c", file, "--var=LOCAL_CONFDIR=\(home)", "--var=DBDIR=\(home)"])
    guard
      process.waitForErrors(seconds: 30, until: { $0.contains("starting rspamd_proxy process") })
    else { throw ChildProcess.Failure(description: log) }
  }

  deinit {
    // It ends its workers, which a kill would leave behind.
    process.signal(SIGTERM)
    _ = process.waitForExit(seconds: 10)
  }
}
