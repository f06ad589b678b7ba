/// A real Postfix (Scripts/private-postfix).
package final class PrivatePostfix: PrivateMTA {
  package static let script = "private-postfix"
  package let logFile = "mail.log"
  package let smtpPort: UInt16
  package let reinjectPort: UInt16
  package let filterPort: UInt16
  /// Where it looks for rspamd, in the example that has it.
  package let scannerPort: UInt16
  /// Where it looks for the milter.
  package let milterSocket: String
  package let directory: TemporaryDirectory

  /// Starts one; `settings` are lines for its main.cf: `message_size_limit=1000`; `without` is an option of
  /// the shipped master.cf that is left out, as by mistake.
  package init(
    _ settings: [String] = [], example: String = "milter", without: String? = nil
  ) throws {
    directory = try TemporaryDirectory()
    let value = try Self.start(
      in: directory, example: example, without: without, settings)
    smtpPort = UInt16(try value("SMTP_PORT")) ?? 0
    reinjectPort = UInt16(try value("REINJECT_PORT")) ?? 0
    filterPort = UInt16(try value("FILTER_PORT")) ?? 0
    scannerPort = UInt16(try value("SCANNER_PORT")) ?? 0
    milterSocket = try value("MILTER_SOCKET")
  }

  /// postfix(1): `stop`, and `start` again with the same ports, queue and log.
  package func control(_ verb: String) throws {
    let process = try ChildProcess("/usr/sbin/postfix", ["-c", directory.file("etc"), verb])
    guard process.waitForExit(seconds: 60) == 0 else {
      throw ChildProcess.Failure(description: "postfix \(verb): \(process.errors)")
    }
  }

  deinit { Self.stop(directory) }
}
