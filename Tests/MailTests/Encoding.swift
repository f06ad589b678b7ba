import Testing
import Voicemail

@testable import Mail

@Suite struct Encoding {
  @Test(arguments: [
    ("a=b", "a=3Db"), ("end ", "end=20"), ("tab\t", "tab=09"), ("a b", "a b"),
    ("From x", "=46rom x"),
    ("From", "From"), (".", "=2E"), ("..x", "=2E.x"), ("--x", "=2D-x"), ("-x", "-x"),
    ("ä", "=C3=A4"), ("\0", "=00"),
    (String(repeating: "x", count: 76), String(repeating: "x", count: 76)),
    (String(repeating: "x", count: 77), String(repeating: "x", count: 75) + "=\nxx"),
    (String(repeating: "x", count: 75) + ".y", String(repeating: "x", count: 75) + "=\n=2Ey"),
  ])
  func `quoted-printable is safe for transport`(_ line: String, _ encoded: String) {
    #expect(text(QuotedPrintable.encode([Array(line.utf8)[...]], newline: [10])) == encoded)
  }

  @Test(arguments: [
    ("<p>x", "|<p>x"), ("", "|"), ("<HTML><Body CLASS='>'>x", "<HTML><Body CLASS='>'>|x"),
    ("<html><head></head>x", "<html><head></head>|x"), ("<html>x", "<html>|x"),
    ("<!DOCTYPE html>x", "<!DOCTYPE html>|x"),
    ("<!-- <body> --><body>x", "<!-- <body> --><body>|x"),
    ("<bodyguard>x", "|<bodyguard>x"), ("<body", "|<body"), ("<!-- <body>", "<!-- <body>|"),
  ])
  func `the block goes where the eye falls first`(_ document: String, _ expected: String) {
    #expect(HTMLInsertion.insert("|", into: document) == expected)
  }

  @Test(
    arguments: [
      ([0xFC], nil, "ü"), ([0xFC], "utf-8", "ü"), ([0xC3, 0xBC], "iso-8859-1", "ü"),
      ([0x80], "iso-8859-1", "€"),
      ([0xB1], "iso-8859-2", "ą"), ([0xFC], "no-such-charset", "ü"), ([0xFC], "koi8-r", "Э"),
      ([0x1B, 0x24, 0x42, 0x25, 0x46, 0x1B, 0x28, 0x42], "ISO-2022-JP", "テ"),
      ([0xFF, 0xFE], "utf-7", "ÿþ"), ([], "utf-16", ""),
    ] as [([UInt8], String?, String)])
  func `text of wrongly declared charset is still text`(
    _ bytes: [UInt8], _ declared: String?, _ expected: String
  ) {
    #expect(Charset.text(bytes, declared: declared) == expected)
  }

  @Test func `a long header is folded at white space and unfolds to itself`() throws {
    let value = String(repeating: "word ", count: 60) + String(repeating: "x", count: 100)
    let folded = text(try FoldedHeader.bytes(HeaderField("X-Long", value), newline: "\r\n"))
    let lines = folded.components("\r\n")
    #expect(lines.dropLast(2).allSatisfy { $0.utf8.count <= 78 })
    #expect(lines.dropFirst().dropLast().allSatisfy { $0.hasPrefix(" ") })
    #expect(GMimeReader().readHeaders(Array(folded.utf8)).header("x-long") == value)
  }
}
