internal import CSndFile
internal import CSoxr

/// C: `sf_version_string`
package var soundFileLibraryVersion: String { unsafe String(cString: sf_version_string()) }

/// C: `soxr_version`
package var resamplerLibraryVersion: String { unsafe String(cString: soxr_version()) }
