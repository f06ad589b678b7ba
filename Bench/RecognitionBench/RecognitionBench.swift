import Glibc
import Mail
import Operations
import Voicemail

/// What recognition costs an ordinary message, all built-in rules on: microseconds of this thread's CPU time, the best
/// of several rounds, as JSON lines. Scripts/bench runs it.
@main struct RecognitionBench {
  static let reader = GMimeReader()
  static let recognition = Recognition(
    rules: BuiltInRules.all,
    loopGuard: LoopGuard { Sealing.hmacSHA256(key: Array("key".utf8), data: $0) })
  static let envelope = Envelope(
    sender: "bob@example.com", recipients: [Recipient(address: "ann@example.com")])
  static let client = ClientFacts(address: "10.0.0.7")

  static func main() throws {
    for (name, bodyBytes) in [("10 KB", 10 << 10), ("1 MB", 1 << 20), ("25 MB", 25 << 20)] {
      let rounds = bodyBytes > 1 << 20 ? 3 : 30
      let text = message(type: "text/plain; charset=utf-8", body: filler(bodyBytes))
      let headers = Array(text.prefix(reader.headerBytes(text)))
      report("end of headers, text/plain, body of \(name)", rounds: 2_000) {
        _ = recognition.verdictAtEndOfHeaders(reader.readHeaders(headers), envelope, client)
      }
      let mixed = multipart(type: "application/pdf; name=a.pdf", bytes: bodyBytes)
      let facts = try reader.read(mixed)
      report("rules, no recording, body of \(name)", rounds: 2_000) {
        _ = recognition.verdict(facts, envelope, client)
      }
      report("reading its MIME structure, body of \(name)", rounds: rounds) {
        _ = try? reader.read(mixed)
      }
      let song = try reader.read(multipart(type: "audio/mpeg; name=song.mp3", bytes: bodyBytes))
      report("rules, a song that is no voicemail, body of \(name)", rounds: 2_000) {
        _ = recognition.verdict(song, envelope, client)
      }
    }
  }

  // MARK: - Messages

  static let fields = """
    Return-Path: <bob@example.com>\r
    Received: from mail.example.com (mail.example.com [192.0.2.7]) by mx.example.com with ESMTPS id 4242\r
    Received: from [10.0.0.7] by mail.example.com with ESMTPSA id 4711\r
    Date: Thu, 06 Aug 2026 15:45:49 +0200\r
    From: Bob Example <bob@example.com>\r
    To: Ann Example <ann@example.com>, Carl <carl@example.net>\r
    Subject: =?UTF-8?Q?Protokoll_der_Sitzung_f=C3=BCr_heute?=\r
    Message-ID: <7f3a9c1e-1@mail.example.com>\r
    In-Reply-To: <1@example.net>\r
    References: <0@example.net> <1@example.net>\r
    User-Agent: Mozilla Thunderbird\r
    X-Mailer: Example 1.0\r
    X-Spam-Status: No, score=-1.9\r
    MIME-Version: 1.0\r

    """

  static func message(type: String, body: [UInt8]) -> [UInt8] {
    Array("\(fields)Content-Type: \(type)\r\n\r\n".utf8) + body
  }

  static func multipart(type: String, bytes: Int) -> [UInt8] {
    let words = Array("--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n".utf8) + filler(2_000)
    let file = Array(
      "\r\n--b\r\nContent-Type: \(type)\r\nContent-Transfer-Encoding: base64\r\n\r\n".utf8)
    return message(
      type: "multipart/mixed; boundary=b",
      body: words + file + filler(bytes) + Array("\r\n--b--\r\n".utf8))
  }

  static func filler(_ bytes: Int) -> [UInt8] {
    let line = Array((String(repeating: "Zm9vYmFy", count: 9) + "\r\n").utf8)
    return Array(repeatElement(line, count: bytes / line.count + 1).joined())
  }

  // MARK: - Measuring

  static func report(_ name: String, rounds: Int, _ work: () -> Void) {
    var best = Double.infinity
    for _ in 0..<5 {
      let start = cpuMicroseconds()
      for _ in 0..<rounds { work() }
      best = min(best, (cpuMicroseconds() - start) / Double(rounds))
    }
    print("{\"part\": \"recognition\", \"workload\": \"\(name)\", \"cpu_us\": \(tenths(best))}")
  }

  static func tenths(_ value: Double) -> Double { Double(Int(value * 10 + 0.5)) / 10 }

  static func cpuMicroseconds() -> Double {
    var now = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Double(now.tv_sec) * 1e6 + Double(now.tv_nsec) / 1e3
  }
}
