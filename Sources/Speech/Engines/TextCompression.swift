internal import CZlib

/// How much a text repeats itself, as whisper measures it of its own: of half a minute each.
///
/// The longer a text, the better it compresses: prose of 6,000 characters does as a loop in half a minute.
enum TextCompression {
  private static let sliceBytes = 600

  /// What at least half of the slices of a text reach; nil when there is no memory for it.
  static func ratio(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    let count = max(1, (bytes.count + sliceBytes / 2) / sliceBytes)
    let ratios = (0..<count).compactMap {
      ratio(bytes[bytes.count * $0 / count..<bytes.count * ($0 + 1) / count])
    }
    return ratios.count == count ? ratios.sorted()[(count - 1) / 2] : nil
  }

  /// Bytes of the text to its bytes compressed. C: `compress`.
  private static func ratio(_ slice: ArraySlice<UInt8>) -> Double? {
    let bytes = Array(slice)
    var length = compressBound(uLong(bytes.count))
    var compressed = [UInt8](repeating: 0, count: Int(length))
    guard unsafe compress(&compressed, &length, bytes, uLong(bytes.count)) == Z_OK, length > 0
    else { return nil }
    return Double(bytes.count) / Double(length)
  }
}
