/// What is put into a message: rendered here, spliced in by Mail.
package struct Enhancement: Sendable, Equatable {
  /// New fields for the top of the header section, in order: trace line, marker, X-Voicemail-*.
  /// Values are printable ASCII without line breaks; Mail folds them.
  package var headers: [HeaderField]
  /// Fields taken out wherever they stand (forged markers), names compared without case.
  package var removedHeaders: [String]
  /// Block for the top of the text part: lines of at most 78 columns, `\n` ends each.
  package var text: String
  /// Block for the top of the HTML body; one element, no document around it.
  package var html: String
  /// Language of the block, BCP 47, for a document made anew.
  package var language: String

  package init(
    headers: [HeaderField], removedHeaders: [String] = [], text: String, html: String,
    language: String
  ) {
    self.headers = headers
    self.removedHeaders = removedHeaders
    self.text = text
    self.html = html
    self.language = language
  }
}
