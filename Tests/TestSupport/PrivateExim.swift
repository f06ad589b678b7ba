/// A real Exim (Scripts/private-exim).
package final class PrivateExim: PrivateMTA {
  package static let script = "private-exim"
  package let logFile = "spool/mainlog"
  package let smtpPort: UInt16
  package let reinjectPort: UInt16
  package let filterPort: UInt16
  package let directory: TemporaryDirectory

  /// `without`: a line of the shipped files to leave out.
  package init(example: String = "exim", without: String? = nil) throws {
    directory = try TemporaryDirectory()
    let value = try Self.start(in: directory, example: example, without: without)
    smtpPort = UInt16(try value("SMTP_PORT")) ?? 0
    reinjectPort = UInt16(try value("REINJECT_PORT")) ?? 0
    filterPort = UInt16(try value("FILTER_PORT")) ?? 0
  }

  deinit { Self.stop(directory) }
}
