internal import CGMime

/// C: `gmime_major_version` and its siblings, of the library that is loaded.
package var gmimeLibraryVersion: String {
  "\(gmime_major_version).\(gmime_minor_version).\(gmime_micro_version)"
}
