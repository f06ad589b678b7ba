internal import CGLib

/// C: `glib_major_version` and its siblings, of the library that is loaded.
package var glibLibraryVersion: String {
  "\(glib_major_version).\(glib_minor_version).\(glib_micro_version)"
}
