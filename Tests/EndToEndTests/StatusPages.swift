import Foundation
import Glibc
import TestSupport
import Testing

@testable import Filter
@testable import Spool

/// The status page, the metrics and the health checks of a daemon that runs, asked as their readers ask.
@Suite(.serialized)
struct StatusPages {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Free a moment ago.
  private static func freePort() -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(descriptor, $0, size)
        _ = getsockname(descriptor, $0, &size)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  private struct Page {
    var status: Int
    var headers: String
    var body: String

    func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(type, from: Data(body.utf8))
    }
  }

  private static func get(_ port: UInt16, _ path: String, _ options: String...) throws -> Page {
    let curl = try ChildProcess(
      "/usr/bin/curl",
      ["-s", "-i", "--max-time", "20"] + options + ["http://127.0.0.1:\(port)\(path)"])
    #expect(curl.waitForExit(seconds: 30) == 0)
    let text = String(decoding: curl.output, as: UTF8.self)
    let parts = text.components(separatedBy: "\r\n\r\n")
    let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return Page(
      status: status ?? 0, headers: parts[0], body: parts.dropFirst().joined(separator: "\r\n\r\n"))
  }

  private struct Readiness: Decodable {
    struct Part: Decodable {
      var name: String
      var ready: Bool
      var why: String?
    }
    var ready: Bool
    var parts: [Part]
    func why(_ name: String) -> String? { parts.first { $0.name == name }?.why }
  }

  /// Waits for the first worker, whose engine readiness depends on.
  private func ready(_ port: UInt16, _ milter: RunningMilter) throws -> Readiness {
    #expect(milter.waitForLog(containing: "info: worker started"))
    return try Self.get(port, "/health/ready").json(Readiness.self)
  }

  @Test func `pages are there to be read, by this host's names, and nothing else`() throws {
    let port = Self.freePort()
    let mta = try FakeSMTPServer()
    let milter = try RunningMilter(
      ["status.listen": "127.0.0.1:\(port)", "delivery.target": mta.target])
    #expect(try ready(port, milter).ready)
    for (path, type) in [
      ("/", "text/html; charset=utf-8"), ("/status.css", "text/css; charset=utf-8"),
      ("/status.json", "application/json"), ("/health/live", "application/json"),
      ("/health/ready", "application/json"),
      ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
    ] {
      let page = try Self.get(port, path)
      #expect(page.status == 200, "\(path)")
      #expect(page.headers.contains("\r\nContent-Type: \(type)\r\n"), "\(page.headers)")
      #expect(
        page.headers.contains("Content-Security-Policy: default-src 'none'; style-src 'self'"))
      #expect(page.headers.contains("\r\nCache-Control: no-store"))
      #expect(!page.headers.lowercased().contains("access-control-allow"))
      #expect(!page.body.isEmpty)
    }
    #expect(try Self.get(port, "/nothing").status == 404)
    #expect(try Self.get(port, "/../etc/passwd", "--path-as-is").status == 404)
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
      #expect(try Self.get(port, "/", "-X", method).status == 405, "\(method)")
    }
    #expect(try Self.get(port, "/", "-X", "POST", "-d", "x=1").status == 405)
    for (host, status) in [
      ("localhost:\(port)", 200), ("[::1]:1", 200), ("127.0.0.1", 200), ("Filter.Test:80", 200),
      ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example:1", 421),
    ] {
      #expect(try Self.get(port, "/status.json", "-H", "Host: \(host)").status == status, "\(host)")
    }
    milter.process.signal(SIGTERM)
    #expect(milter.process.waitForExit(seconds: 20) == 0)
  }

  @Test func `metrics are as Prometheus wants them, and rules and dashboard name no others`() throws
  {
    let port = Self.freePort()
    let milter = try RunningMilter(["status.listen": "127.0.0.1:\(port)"])
    _ = try ready(port, milter)
    let metrics = try Self.get(port, "/metrics").body
    let promtool = try ChildProcess(
      "/usr/bin/promtool", ["check", "metrics"], input: Array(metrics.utf8))
    #expect(promtool.waitForExit(seconds: 20) == 0, "\(promtool.errors)")
    #expect(promtool.errors.isEmpty)
    let names = Set(
      metrics.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
        .map { String($0.split(separator: " ")[2]) })
    #expect(names.count >= 15)
    let rules = Self.root.appendingPathComponent("contrib/prometheus/voicemail-milter.rules.yml")
    let check = try ChildProcess("/usr/bin/promtool", ["check", "rules", rules.path])
    #expect(check.waitForExit(seconds: 20) == 0, "\(check.errors)")
    let fired = try ChildProcess(
      "/usr/bin/promtool",
      ["test", "rules", Self.root.appendingPathComponent("Tests/AlertRules/alerts.yml").path])
    #expect(
      fired.waitForExit(seconds: 20) == 0,
      "\(String(decoding: fired.output, as: UTF8.self))\(fired.errors)")
    let dashboard = Self.root.appendingPathComponent("contrib/grafana/voicemail-milter.json")
    #expect(try JSONSerialization.jsonObject(with: Data(contentsOf: dashboard)) is [String: Any])
    for file in [rules, dashboard] {
      let text = try String(contentsOf: file, encoding: .utf8)
      let used = Set(text.matches(of: /voicemail_milter_[a-z_]+/).map { String($0.output) })
      #expect(used.count > 5)
      for name in used {
        let base = name.replacing(/_(bucket|sum|count)$/, with: "")
        #expect(
          names.contains(name) || names.contains(base), "\(name) in \(file.lastPathComponent)")
      }
    }
  }

  @Test func `a port that is taken costs the page and nothing else`() throws {
    let taken = try FakeSMTPServer()
    let milter = try RunningMilter(["status.listen": "127.0.0.1:\(taken.port)"])
    #expect(
      milter.waitForLog(
        containing: "error: no status page", "127.0.0.1:\(taken.port): Address already in use"))
    #expect(try milter.command("status").status == 0)
  }

  @Test func `while engine and MTA are down the pages are up and say why`() throws {
    let port = Self.freePort()
    let filter = Self.freePort()
    let directory = try TemporaryDirectory()
    let model = directory.file("model")
    try FileManager.default.createSymbolicLink(
      atPath: model, withDestinationPath: "/usr/share/pocketsphinx/model/en-us/en-us")
    let milter = try RunningMilter(
      [
        "status.listen": "127.0.0.1:\(port)", "milter.listen": "",
        "content_filter.listen": "inet:\(filter)@127.0.0.1",
        "delivery.target": "unix:\(directory.file("nobody.sock"))",
        "transcription.acoustic_model": model,
      ], in: directory)
    // No delivery has told yet: the listener is asked.
    let first = try ready(port, milter)
    #expect(first.parts.filter { !$0.ready }.map(\.name) == ["mta"])
    #expect(first.why("mta")?.contains("nobody.sock") == true)
    let mail = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(mail.bytes, port: filter)
    #expect(milter.waitForLog(containing: "warning: deferred"))
    try FileManager.default.removeItem(atPath: model)
    let worker = try #require(try milter.status().daemon?.workers.first?.pid)
    kill(worker, SIGKILL)
    // It is missed when it is wanted next.
    try SMTPSender.send(
      AsteriskMail(try VoicemailRecording.short()).bytes.map { $0 == 0x33 ? 0x34 : $0 },
      port: filter)
    #expect(milter.waitForLog(containing: "error: engine unusable"))
    let page = try Self.get(port, "/health/ready")
    #expect(page.status == 503)
    let readiness = try page.json(Readiness.self)
    #expect(!readiness.ready)
    #expect(readiness.why("mta")?.contains("nobody.sock") == true, "\(page.body)")
    #expect(readiness.why("engines")?.contains("no acoustic model") == true, "\(page.body)")
    #expect(readiness.why("spool") == nil)
    #expect(try Self.get(port, "/health/live").status == 200)
    let metrics = try Self.get(port, "/metrics").body
    for line in [
      #"voicemail_milter_ready{part="mta"} 0"#, #"voicemail_milter_ready{part="engines"} 0"#,
      #"voicemail_milter_ready{part="spool"} 1"#, "voicemail_milter_received_total 2",
      #"voicemail_milter_engine_ready{engine="pocketsphinx"} 0"#,
      #"voicemail_milter_engine_state{engine="pocketsphinx",state="unusable"} 1"#,
      #"voicemail_milter_engine_requests_total{engine="pocketsphinx",end="answered"} 1"#,
    ] {
      #expect(metrics.contains("\n\(line)\n"), "\(line)\n\(metrics)")
    }
    let html = try Self.get(port, "/").body
    #expect(html.contains("not ready"))
    #expect(html.contains("<li><b>mta</b>"))
    #expect(!html.contains("ann@example.com"))
  }

  @Test func `a browser shows the page without a complaint`() throws {
    let port = Self.freePort()
    let milter = try RunningMilter(["status.listen": "127.0.0.1:\(port)"])
    _ = try ready(port, milter)
    let profile = try TemporaryDirectory()
    let picture = profile.file("page.png")
    let chromium = try ChildProcess(
      "/usr/bin/chromium",
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(profile.path)",
        "--enable-logging=stderr", "--window-size=500,900", "--screenshot=\(picture)",
        "--virtual-time-budget=2000", "http://127.0.0.1:\(port)/",
      ])
    #expect(chromium.waitForExit(seconds: 60) == 0, "\(chromium.errors)")
    #expect(!chromium.errors.contains("Refused to"), "\(chromium.errors)")
    #expect(!chromium.errors.contains(":CONSOLE"), "\(chromium.errors)")
    // With its style: a bare page would be a tenth of it.
    #expect(try Data(contentsOf: URL(fileURLWithPath: picture)).count > 15_000)
  }

  // MARK: - Pieces

  @Test func `a day's figures fall into their slices`() {
    let now: Int64 = 96 * Figures.sliceMS * 1_000 + 5
    let first = now / Figures.sliceMS - 95
    func minute(_ slice: Int64, _ count: Int) -> DeliveredMinute {
      DeliveredMinute(
        minute: slice * 15 + 3, messages: count, withoutTranscript: 1,
        longestMS: Int64(count) * 1_000)
    }
    let day = DayFigures(
      [minute(first - 1, 9), minute(first, 2), minute(first, 5), minute(first + 95, 4)],
      inSpool: [], nowMS: now)
    #expect(day.delivered == [7] + Array(repeating: 0, count: 94) + [4])
    #expect(day.withoutTranscript.first == 2)
    #expect(day.slowestSeconds.first == 5)
  }

  @Test func `slices that are over are asked for once`() throws {
    let figures = Figures()
    var asked: [Int64] = []
    func day(at slice: Int64, answer: [Int]) throws -> [Int] {
      try figures.depths(nowMS: slice * Figures.sliceMS + 7) { since throws(SpoolError) in
        asked.append(since)
        return answer
      }
    }
    #expect(try day(at: 1_095, answer: Array(1...96)) == Array(1...96))
    #expect(try day(at: 1_095, answer: [100]) == Array(1...95) + [100])
    #expect(try day(at: 1_097, answer: [101, 102, 103]) == Array(3...95) + [101, 102, 103])
    // A clock that was set back.
    #expect(try day(at: 1_096, answer: Array(1...96)) == Array(1...96))
    #expect(asked == [1_000, 1_095, 1_095, 1_001])
  }

  @Test func `a histogram counts each value once`() {
    var histogram = Figures.Histogram([1, 5])
    for value in [0.5, 1, 3, 99] { histogram.add(value) }
    #expect(histogram.counts == [2, 1, 1])
    #expect(histogram.sum == 103.5)
  }
}
