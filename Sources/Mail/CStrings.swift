/// The text of a C string GMime owns, repaired to UTF-8; nil for NULL.
func string(_ pointer: UnsafePointer<CChar>?) -> String? {
  guard let pointer = unsafe pointer else { return nil }
  return unsafe String(cString: pointer)
}

/// The bytes of a C string GMime owns, without its end; empty for NULL.
func bytes(_ pointer: UnsafePointer<CChar>?) -> [UInt8] {
  guard var next = unsafe pointer else { return [] }
  var bytes: [UInt8] = []
  while unsafe next.pointee != 0 {
    bytes.append(UInt8(bitPattern: unsafe next.pointee))
    unsafe next = unsafe next.successor()
  }
  return bytes
}
