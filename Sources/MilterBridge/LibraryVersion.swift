internal import CMilter

/// C: `smfi_version`
package var milterLibraryVersion: String {
  var major: UInt32 = 0
  var minor: UInt32 = 0
  var patch: UInt32 = 0
  unsafe smfi_version(&major, &minor, &patch)
  return "\(major).\(minor).\(patch)"
}
