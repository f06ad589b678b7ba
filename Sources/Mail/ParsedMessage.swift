import CCrypto
import CGMime
import Voicemail

/// A message parsed by GMime, alive while a closure runs.
///
/// GMime reads the caller's bytes in place, so a parsed message costs no copy of them. `nodes` are
/// values in the order the entities appear (pre-order); `nodes[0]` is the root. Bytes that GMime
/// cannot take as a message (the first line is no header field) have no nodes.
///
/// GMime stops at 1,024 levels (MAX_LEVEL in gmime-parser.c) and recurses that far; `MIMETree` keeps
/// its own stack.
@safe struct ParsedMessage: ~Copyable {
  private let message: UnsafeMutablePointer<GMimeMessage>?
  private let tree: MIMETree

  var nodes: [MIMENode] { tree.nodes }
  /// Index in `nodes` of each leaf, in order.
  var leaves: [Int] { tree.leaves }

  static func parse<Result>(
    _ bytes: [UInt8], _ body: (borrowing ParsedMessage) throws(StepFailure) -> Result
  ) throws(StepFailure) -> Result {
    guard bytes.count <= Int(Int32.max) else {
      throw .permanent("mail: parse: message of \(bytes.count) bytes, limit \(Int32.max)")
    }
    return try unsafe bytes.withUnsafeBufferPointer { buffer throws(StepFailure) in
      // The stream borrows this array and GMime's parser only reads from it.
      var array = unsafe GByteArray(
        data: UnsafeMutablePointer(mutating: buffer.baseAddress), len: guint(buffer.count))
      return try unsafe withUnsafeMutablePointer(to: &array) { array throws(StepFailure) in
        try body(unsafe ParsedMessage(borrowing: array))
      }
    }
  }

  // C: `g_mime_parser_construct_message`; parts keep offsets into the stream instead of copies
  // (C: `g_mime_parser_set_persist_stream`, on by default).
  private init(borrowing bytes: UnsafeMutablePointer<GByteArray>) {
    let stream = unsafe g_mime_stream_mem_new()
    unsafe stream?.withMemoryRebound(to: GMimeStreamMem.self, capacity: 1) {
      unsafe g_mime_stream_mem_set_byte_array($0, bytes)
    }
    let parser = unsafe g_mime_parser_new_with_stream(stream)
    let message = unsafe g_mime_parser_construct_message(parser, nil)
    unsafe g_object_unref(parser)
    unsafe g_object_unref(stream)
    unsafe self.message = message
    tree = unsafe MIMETree(message)
  }

  deinit {
    if let message = unsafe message { unsafe g_object_unref(message) }
  }

  /// The content of a leaf, transfer encoding removed; empty for other entities.
  func content(ofNode index: Int) -> [UInt8] {
    guard let part = unsafe tree.part(index) else { return [] }
    let stream = unsafe g_mime_stream_mem_new()
    defer { unsafe g_object_unref(stream) }
    unsafe Self.write(part, to: stream)
    return unsafe stream?.withMemoryRebound(to: GMimeStreamMem.self, capacity: 1) { memory in
      guard let array = unsafe g_mime_stream_mem_get_byte_array(memory) else { return [] }
      return unsafe Array(
        UnsafeBufferPointer(start: array.pointee.data, count: Int(array.pointee.len)))
    } ?? []
  }

  /// SHA-256 of that content, without keeping it; empty if the library cannot. C: `EVP_DigestUpdate`, a tenth of what
  /// GLib's own takes
  func digest(ofNode index: Int) -> [UInt8] {
    let context = unsafe EVP_MD_CTX_new()
    defer { unsafe EVP_MD_CTX_free(context) }
    guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else { return [] }
    // A part that ends with its header has no content object.
    if let part = unsafe tree.part(index), let content = unsafe g_mime_part_get_content(part) {
      unsafe Self.digest(content, into: context)
    }
    var digest = [UInt8](repeating: 0, count: 32)
    return unsafe EVP_DigestFinal_ex(context, &digest, nil) == 1 ? digest : []
  }

  private static func digest(
    _ content: UnsafeMutablePointer<GMimeDataWrapper>, into context: OpaquePointer?
  ) {
    let source = unsafe g_mime_data_wrapper_get_stream(content)
    unsafe g_mime_stream_reset(source)
    let stream = unsafe g_mime_stream_filter_new(source)
    defer { unsafe g_object_unref(stream) }
    unsafe decode(content, on: stream)
    var piece = [UInt8](repeating: 0, count: 32 << 10)
    while true {
      let count = unsafe piece.withUnsafeMutableBytes { buffer in
        unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
          unsafe g_mime_stream_read(stream, characters.baseAddress, characters.count)
        }
      }
      guard count > 0 else { return }
      unsafe EVP_DigestUpdate(context, piece, count)
    }
  }

  /// Removes the transfer encoding from what is read. C: as `g_mime_data_wrapper_write_to_stream` does it
  private static func decode(
    _ content: UnsafeMutablePointer<GMimeDataWrapper>, on stream: UnsafeMutablePointer<GMimeStream>?
  ) {
    let encoding = unsafe g_mime_data_wrapper_get_encoding(content)
    switch encoding {
    case GMIME_CONTENT_ENCODING_BASE64, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE,
      GMIME_CONTENT_ENCODING_UUENCODE:
      let decoder = unsafe g_mime_filter_basic_new(encoding, 0)
      unsafe stream?.withMemoryRebound(to: GMimeStreamFilter.self, capacity: 1) {
        _ = unsafe g_mime_stream_filter_add($0, decoder)
      }
      unsafe g_object_unref(decoder)
    default: break
    }
  }

  /// Text before the first and after the last boundary line of a multipart, line ends as LF.
  func surroundings(ofNode index: Int) -> (prologue: [UInt8], epilogue: [UInt8]) {
    tree.surroundings(index)
  }

  // C: `g_mime_data_wrapper_write_to_stream` decodes on the way.
  private static func write(
    _ part: UnsafeMutablePointer<GMimePart>, to stream: UnsafeMutablePointer<GMimeStream>?
  ) {
    guard let content = unsafe g_mime_part_get_content(part) else { return }
    _ = unsafe g_mime_data_wrapper_write_to_stream(content, stream)
    _ = unsafe g_mime_stream_flush(stream)
  }
}
