import Foundation

/// A signer's RSA key.
package enum DKIMKey {
  /// Makes one; its TXT record. OpenSSL writes the private half to the file.
  package static func make(at path: String) throws -> String {
    try ChildProcess.run("/usr/bin/openssl", "genrsa", "-out", path, "2048")
    let key = try ChildProcess.run(
      "/usr/bin/openssl", "rsa", "-in", path, "-pubout", "-outform", "DER")
    return "v=DKIM1; k=rsa; p=\(Data(key).base64EncodedString())"
  }
}
