import Foundation
import TestSupport

/// Debian's python3-dkim.
enum DKIM {
  /// `valid`, or what is wrong; `record` is the signer's TXT record.
  static func verdict(of message: some Sequence<UInt8>, record: String) throws -> String {
    let script = """
      import dkim, sys
      record = sys.argv[1].encode()
      message = dkim.DKIM(sys.stdin.buffer.read())
      try:
          print('valid' if message.verify(dnsfunc=lambda name, timeout=5: record) else 'void')
      except dkim.DKIMException as error:
          print(error)
      """
    return String(
      decoding: try ChildProcess.run(
        "/usr/bin/python3", "-c", script, record, input: Array(message)), as: UTF8.self
    )
    .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The message below its signature.
  static func signed(
    _ message: [UInt8], key: String, domain: String, selector: String
  ) throws -> [UInt8] {
    let script = """
      import dkim, sys
      key, domain, selector = sys.argv[1:]
      message = sys.stdin.buffer.read()
      sys.stdout.buffer.write(dkim.sign(
          message, selector.encode(), domain.encode(), open(key, 'rb').read()) + message)
      """
    return try ChildProcess.run(
      "/usr/bin/python3", "-c", script, key, domain, selector, input: message)
  }
}
