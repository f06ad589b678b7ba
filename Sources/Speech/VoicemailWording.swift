internal import CPocketSphinx

/// Makes what callers say likelier to be heard: Debian's language model is of newspapers, books and meetings.
///
/// `Scripts/train-wording.py` makes the table from patterns of sentences: what must be added to Debian's model, so that
/// their mixture comes out. The library adds what it has raised to the language weight before.
enum VoicemailWording {
  /// Lets a decoder's search expect it beside its own model; false when it goes on without. It suits Debian's language
  /// model alone.
  ///
  /// C: `ngram_model_set_add`, which takes the model over; the words of the search keep their numbers, and none becomes
  /// known that was not. C: `ngram_model_set_interp`.
  static func add(to decoder: OpaquePointer, _ settings: OpaquePointer) -> Bool {
    guard let set = unsafe ps_get_lm(decoder, ps_get_search(decoder)),
      let wording = unsafe PipedText.read(
        text,
        { path in unsafe ngram_model_read(settings, path, NGRAM_ARPA, ps_get_logmath(decoder)) })
    else { return false }
    guard unsafe ngram_model_set_add(set, wording, "voicemail", 1, 1) != nil else {
      _ = unsafe ngram_model_free(wording)
      return false
    }
    return unsafe "default".withCString { usual in
      unsafe "voicemail".withCString { ours in
        // Both whole: the table holds what is to be added.
        var names: [UnsafePointer<CChar>?] = unsafe [usual, ours]
        return unsafe ngram_model_set_interp(set, &names, [1, 1]) != nil
      }
    }
  }

  /// As an ARPA file has it.
  static var text: String {
    // By bytes: characters would take as long as loading the models.
    let bodies = VoicemailWordingTable.ngrams.map { ngrams in
      ngrams.utf8.map { $0 == UInt8(ascii: "|") ? UInt8(ascii: "\n") : $0 }
    }
    let counts = bodies.enumerated().map { order, body in
      "ngram \(order + 1)=\(body.count { $0 == UInt8(ascii: "\n") } + 1)\n"
    }
    let sections = bodies.enumerated().map { order, body in
      "\n\\\(order + 1)-grams:\n" + String(decoding: body, as: UTF8.self) + "\n"
    }
    return "\\data\\\n" + counts.joined() + sections.joined() + "\n\\end\\\n"
  }
}
