internal import CZlib

/// How much a text repeats itself, as whisper measures it of its own.
enum TextCompression {
  /// Bytes of the text to its bytes compressed; nil when there is no memory for it. C: `compress`.
  static func ratio(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    var length = compressBound(uLong(bytes.count))
    var compressed = [UInt8](repeating: 0, count: Int(length))
    guard unsafe compress(&compressed, &length, bytes, uLong(bytes.count)) == Z_OK, length > 0
    else { return nil }
    return Double(bytes.count) / Double(length)
  }
}
