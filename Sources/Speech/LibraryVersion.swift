/// PocketSphinx has no call that tells its version; this is Debian 12's, which Package.swift asks for.
package var pocketSphinxLibraryVersion: String { "0.8+5prealpha (Debian 12)" }
