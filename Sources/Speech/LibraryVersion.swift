internal import CCrypto
internal import CCurl

/// PocketSphinx has no call that tells its version; this is Debian 12's, which Package.swift asks for.
package var pocketSphinxLibraryVersion: String { "0.8+5prealpha (Debian 12)" }

/// C: `curl_version`: libcurl with what it is built with.
package var curlLibraryVersion: String { unsafe String(cString: curl_version()) }

/// C: `OpenSSL_version`.
package var opensslLibraryVersion: String {
  unsafe String(cString: OpenSSL_version(OPENSSL_VERSION))
}
