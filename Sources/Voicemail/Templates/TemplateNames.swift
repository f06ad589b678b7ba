/// The values that templates can name; docs/message.md is tested against this table.
package enum TemplateNames {
  package struct Entry: Sendable {
    package var name: String
    /// What it is; those of a list's elements follow the list.
    package var meaning: String
  }

  package static let table: [Entry] = [
    ("language", "of our own words, BCP 47"),
    ("direction", "`ltr` or `rtl`, of our own words"),
    ("words", "the fixed words in that language: `words.urgent`; the names stand below"),
    ("preview", "first words or state, for the preview line of an inbox"),
    ("urgent", "set when the PBX says so"),
    ("caller", "name, else number; empty when the PBX told neither"),
    ("caller_name", "as the PBX sent it"),
    ("caller_number", "as the PBX sent it"),
    ("plain_number", "the number where it cannot be dialled and is not the caller's only name"),
    ("dial", "the number for `tel:`; empty unless a telephone can dial it"),
    ("heading", "`heading.before`, the caller, `heading.after`"),
    ("call", "`call.before`, the number, `call.after`"),
    ("before", "of `heading`, `call`, `doubt`"),
    ("after", "likewise"),
    ("recordings", "list, in the order of the message"),
    ("name", "of a recording: its file name"),
    ("label", "of a recording: message or introduction; of a fact: its name"),
    ("length", "of a recording, and in the subject of all: `0:17`; empty when unknown"),
    ("is_one_of_several", "set when the message has more than one recording"),
    ("sentence", "instead of a text: no speech, or no transcript and why"),
    ("has_text", "set when the recording has a transcript to show"),
    ("is_low", "set when confidence in it is low"),
    ("is_shortened", "set when it is too long to be shown whole"),
    ("remark", "that the recording is cut off, or only its beginning was heard; else empty"),
    ("spoken_language", "of the transcript, BCP 47; may be empty"),
    ("spoken_direction", "`ltr` or `rtl`, of the transcript"),
    ("is_right_to_left", "set for `rtl`"),
    ("paragraphs", "list, of a recording; a pause begins one"),
    ("time", "of a paragraph in a long recording: `1:05`; else empty"),
    (
      "speaker",
      "of the first paragraph of what somebody says, where a policy has the channels told apart; else empty"
    ),
    ("is_last", "set for the last paragraph"),
    ("is_end", "set for the last paragraph of what somebody says; not where the text is cut"),
    ("runs", "list, of a paragraph: words in a row, certain or doubtful"),
    ("is_first", "set for the first run"),
    ("is_doubtful", "of a run"),
    ("text", "of a run"),
    ("ending", "of a run: the sentence's full stop, if it ends there"),
    ("facts", "list: from, for, received, length, language, numbers said"),
    ("padded_label", "of a fact: label, colon and blanks, as long as all others"),
    ("value", "of a fact"),
    ("is_caller", "set for the fact that is the caller"),
    ("legend", "what an automatic transcript is worth; empty without one"),
    ("doubt", "`doubt.before`, an example of the mark, `doubt.after`"),
    ("has_doubt", "set when a word is doubtful"),
    ("has_numbers", "set when a number was said"),
    ("original", "subject.mustache: the PBX's own subject"),
    ("is_append", "subject.mustache: set when words are to stand behind it"),
    ("is_rewrite", "subject.mustache: set when it is to be a new one"),
    ("gist", "subject.mustache: first words, cut to fit; empty when in doubt or not wanted"),
    ("state", "subject.mustache: no speech, or no transcript; else empty"),
  ].map { Entry(name: $0.0, meaning: $0.1) }

  static let all = Set(table.map(\.name) + Phrase.allCases.map(\.rawValue))
}
