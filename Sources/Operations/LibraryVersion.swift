internal import CGLib
internal import CMicroHTTPD

/// C: `glib_major_version` and its siblings, of the library that is loaded.
package var glibLibraryVersion: String {
  "\(glib_major_version).\(glib_minor_version).\(glib_micro_version)"
}

/// C: `MHD_get_version`
package var httpLibraryVersion: String { unsafe String(cString: MHD_get_version()) }
