import Testing
import Voicemail

@Suite struct `Callers' numbers in international form` {
  @Test(arguments: [
    ("DE", "030 123456", "+4930123456"), ("DE", "0171/1234567", "+491711234567"),
    ("DE", "0049 30 123456", "+4930123456"), ("DE", "+49 (0)30 123456", "+4930123456"),
    ("DE", "+49 030 123456", "+4930123456"), ("DE", "4930123456", "+4930123456"),
    ("DE", "00 44 20 7946 0018", "+442079460018"),
    ("de", "01711234567", "+491711234567"), ("+49", "01711234567", "+491711234567"),
    ("GB", "07700 900123", "+447700900123"), ("GB", "447700900123", "+447700900123"),
    ("GB", "020 7946 0018", "+442079460018"),
    ("US", "(415) 555-0100", "+14155550100"), ("US", "1-415-555-0100", "+14155550100"),
    ("US", "4155550100", "+14155550100"), ("US", "011 49 30 123456", "+4930123456"),
    ("FR", "01 23 45 67 89", "+33123456789"), ("IT", "06 1234 5678", "+390612345678"),
    ("IT", "3912345678", "+393912345678"), ("ES", "912 34 56 78", "+34912345678"),
    ("DK", "12 34 56 78", "+4512345678"), ("NO", "4791234567", "+4791234567"),
    ("RU", "8 495 123-45-67", "+74951234567"), ("HU", "06 1 234 5678", "+3612345678"),
    ("AU", "0011 49 30 123456", "+4930123456"), ("JP", "010 49 30 123456", "+4930123456"),
    ("PL", "22 123 45 67", "+48221234567"), ("IN", "98765 43210", "+919876543210"),
  ])
  func `a national number gets its country, one from abroad keeps its own`(
    _ country: String, _ number: String, _ wanted: String
  ) {
    #expect(Country.e164(number, in: Country(country)) == wanted)
  }

  @Test(arguments: [
    "1001", "123456", "12345678", "anonymous", "", "0", "00", "+", "+0123456789", "0301",
    "+1234567890123456", "030 123456 x2", "sip:030123456", "112", "*62", "0000000000",
    "\u{0660}\u{0663}\u{0660}123456",
  ])
  func `extensions, local numbers and words get none`(_ number: String) {
    #expect(Country.e164(number, in: Country("DE")) == nil)
  }

  @Test func `a number that may be of another country gets none`() {
    #expect(Country.e164("(415) 555-0100", in: Country("GB")) == nil)
  }

  @Test func `without a country only a number with a plus is one`() {
    #expect(Country.e164("+44 (0)20 7946 0018", in: nil) == "+442079460018")
    #expect(Country.e164("+39 06 1234 5678", in: nil) == "+390612345678")
    #expect(Country.e164("020 7946 0018", in: nil) == nil)
    #expect(Country.e164(nil, in: Country("GB")) == nil)
  }

  @Test(arguments: ["", "+", "D", "Germany", "+999", "49", "XX"])
  func `what is no country is refused`(_ text: String) {
    #expect(Country(text) == nil)
  }

  @Test func `the caller's number is given in both forms`() {
    var own = recognition
    own.country = Country("GB")
    guard
      case .voicemail(let facts) = own.verdict(
        message(
          asteriskHeaders.map { $0.0 == "X-Asterisk-CallerID" ? ($0.0, "07700900123") : $0 },
          [text, asteriskRecording]), pbxEnvelope, localClient)
    else {
      Issue.record("no voicemail")
      return
    }
    #expect(facts.caller.number == "07700900123")
    #expect(facts.caller.e164 == "+447700900123")
  }
}
