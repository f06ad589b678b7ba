internal import Voicemail

/// A sentence that a person speaks, 2 s, as a telephone hands it over: GSM 6.10 without a header.
///
/// check-number-dial-again of Asterisk's core sounds, by Allison Smith, for Digium; CC BY-SA 3.0, see
/// docs/dependencies.md.
enum SpokenTest {
  static let words = "Please check the number and dial again."
  static var recording: [UInt8] { PackageResources.spoken_test_gsm }
  static let part = PartFacts(index: 0, contentType: "audio/x-gsm", filename: "spoken-test.gsm")
}
