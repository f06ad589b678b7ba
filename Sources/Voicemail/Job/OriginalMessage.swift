/// A message that goes back as it came, but for our own fields on top.
package enum OriginalMessage {
  /// Puts the fields above the first line; not one byte of the original is looked at beyond that.
  package static func marked(_ original: [UInt8], with headers: [HeaderField]) -> [UInt8] {
    var message: [UInt8] = []
    for header in headers { message += Array("\(header.name): \(header.value)\r\n".utf8) }
    return message + original
  }
}
