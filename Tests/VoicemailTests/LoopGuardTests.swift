import Synchronization
import Testing
import Voicemail

@Suite struct `The loop guard` {
  let marker = loopGuard.marker(id: "7f3a-1", unixSeconds: 1_786_023_949, message: asteriskMessage)

  func check(_ marker: HeaderField, on message: MessageFacts = asteriskMessage) -> MarkerCheck {
    var marked = message
    marked.headers.insert(marker, at: 0)
    return loopGuard.check(marked)
  }

  @Test func `a marker is valid on the message it was made for`() {
    #expect(loopGuard.check(asteriskMessage) == .absent)
    #expect(check(marker) == .valid(id: "7f3a-1"))
    #expect(marker.value.hasPrefix("v=1; id=7f3a-1; t=1786023949; h="))
    #expect(marker.value.utf8.allSatisfy { (0x20...0x7e).contains($0) })
  }

  @Test func `a marker survives folding, its name's case and a rewritten display name`() {
    let folded = HeaderField(
      "x-voicemail-milter", String(marker.value.map { $0 == " " ? "\t" : $0 }))
    var rewritten = asteriskHeaders
    rewritten[1] = ("From", "<Asterisk@PBX.example>")
    #expect(check(folded, on: message(rewritten)) == .valid(id: "7f3a-1"))
  }

  @Test(arguments: ["From", "Message-ID"])
  func `a marker copied to a message that differs in one bound field is forged`(_ name: String) {
    let changed = asteriskHeaders.map { $0.0 == name ? ($0.0, $0.1.replacing("k", with: "c")) : $0 }
    #expect(check(marker, on: message(changed)) == .forged)
    let later = asteriskHeaders.map {
      $0.0 == "Date" ? ($0.0, "Thu, 06 Aug 2026 15:45:50 +0200") : $0
    }
    #expect(check(marker, on: message(later)) == .forged)
    let removed = asteriskHeaders.filter { $0.0 != name }
    #expect(check(marker, on: message(removed)) == .forged)
  }

  @Test func `bytes cannot move from one bound field to the next`() {
    let one = message([("Message-ID", "<a>"), ("Date", "b")])
    let other = message([("Message-ID", "<a>1:b"), ("Date", "")])
    let marker = loopGuard.marker(id: "1", unixSeconds: 1, message: one)
    #expect(check(marker, on: one) == .valid(id: "1"))
    #expect(check(marker, on: other) == .forged)
  }

  @Test func `a marker made with another key is forged`() {
    let other = LoopGuard(keyedHash: keyedHash(key: "other"))
    #expect(check(other.marker(id: "1", unixSeconds: 1, message: asteriskMessage)) == .forged)
  }

  @Test func `a hash that gives nothing validates nothing`() {
    let broken = LoopGuard(keyedHash: { _ in [] })
    var marked = asteriskMessage
    marked.headers.append(broken.marker(id: "1", unixSeconds: 1, message: asteriskMessage))
    #expect(broken.check(marked) == .forged)
  }

  @Test(arguments: [
    "", ";", "=", "v=1", "yes", "v=1; id=7f3a-1; t=x; h=00", "v=2; id=7f3a-1; t=1; h=00",
    "v=1; id=; t=1; h=", "v=1;id=a b;t=1;h=00", "v=1; v=1; id=a; t=1; h=00",
    "v=1; id=ä; t=99999999999999999999999; h=00", "\u{0}\u{202e}", "\r\nBcc: x",
  ])
  func `garbage is forged`(_ value: String) {
    #expect(check(HeaderField("X-Voicemail-Milter", value)) == .forged)
  }

  @Test func `any change of a valid marker is forged`() {
    for index in marker.value.indices {
      var value = marker.value
      value.replaceSubrange(index...index, with: value[index] == "1" ? "2" : "1")
      guard value.filter({ $0 != " " }) != marker.value.filter({ $0 != " " }) else { continue }
      #expect(check(HeaderField(marker.name, value)) == .forged, "\(value)")
    }
    #expect(
      check(HeaderField(marker.name, marker.value + String(repeating: " ", count: 600))) == .forged)
  }

  @Test func `a thousand forged markers cost sixteen hashes`() {
    let counter = Counter()
    let hash = keyedHash(key: "secret")
    let counting = LoopGuard(keyedHash: { bytes in
      counter.add()
      return hash(bytes)
    })
    var flooded = asteriskMessage
    let forged = HeaderField("X-Voicemail-Milter", "v=1; id=a; t=1; h=00")
    flooded.headers += Array(repeating: forged, count: 1000)
    #expect(counting.check(flooded) == .forged)
    #expect(counter.count == 16)
    flooded.headers.insert(marker, at: 0)
    #expect(counting.check(flooded) == .valid(id: "7f3a-1"))
  }

  @Test func `an id cannot bring anything else into the marker`() {
    let odd = loopGuard.marker(
      id: "a;b\r\nBcc: x" + String(repeating: "9", count: 200), unixSeconds: 1,
      message: asteriskMessage)
    #expect(!odd.value.contains("\r") && !odd.value.contains("Bcc:"))
    guard case .valid(let id) = check(odd) else {
      Issue.record("the cleaned id does not validate")
      return
    }
    #expect(id.hasPrefix("abBccx999") && id.count == 64)
  }
}

final class Counter: Sendable {
  private let value = Mutex(0)
  var count: Int { value.withLock { $0 } }
  func add() { value.withLock { $0 += 1 } }
}
