import Voicemail

extension Enhancement {
  /// Like those of the product, with text beyond ASCII in both blocks and a forged marker to remove.
  static let sample = Enhancement(
    headers: [
      HeaderField(
        "Received", "by pbx.example (voicemail-milter) with ESMTP id 4711; Thu, 06 Aug 2026 15:46"),
      HeaderField("X-Voicemail-Transcript", "ok"),
    ],
    removedHeaders: ["x-voicemail-transcript"],
    text: "\"Hi, it's Zoë from Müller.\"\n\nFrom      Zoë\n",
    html: "<div lang=\"en\"><p>Hi, it's Zoë from Müller.</p></div>\n", language: "en")

  static let sampleHeaders = """
    Received: by pbx.example (voicemail-milter) with ESMTP id 4711; Thu, 06 Aug
     2026 15:46
    X-Voicemail-Transcript: ok

    """
}

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
