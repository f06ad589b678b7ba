import CGMime

/// Seals by which the program knows its own headers again.
package enum Sealing {
  /// HMAC-SHA256 (RFC 2104, RFC 4231) of the data under the key: 32 bytes.
  package static func hmacSHA256(key: [UInt8], data: [UInt8]) -> [UInt8] {
    // C: `g_hmac_new`, `g_hmac_update`, `g_hmac_get_digest`; an empty array has no address for C.
    let hmac = unsafe (key.isEmpty ? [0] : key).withUnsafeBufferPointer {
      unsafe g_hmac_new(G_CHECKSUM_SHA256, $0.baseAddress, gsize(key.count))
    }
    defer { unsafe g_hmac_unref(hmac) }
    var fed = data[...]
    // C takes a signed count and reads a negative one as "up to NUL"; pieces never reach that.
    while !fed.isEmpty {
      let piece = fed.prefix(1 << 20)
      unsafe piece.withUnsafeBufferPointer {
        unsafe g_hmac_update(hmac, $0.baseAddress, gssize($0.count))
      }
      fed = fed.dropFirst(piece.count)
    }
    var length: gsize = 32
    var digest = [UInt8](repeating: 0, count: 32)
    unsafe g_hmac_get_digest(hmac, &digest, &length)
    return Array(digest.prefix(Int(length)))
  }
}
