import Foundation
import Glibc
import TestSupport
import Testing

/// The status page on a telephone, measured by a browser.
@Suite(.serialized)
struct StatusPageWidth {
  /// Pixels by which each page, or its table that may scroll by itself, is wider than a frame of that width.
  private func overflows(_ pages: [String], width: Int) throws -> [Int] {
    let directory = try TemporaryDirectory()
    let frames = pages.map { page in
      let escaped = page.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
      return
        "<iframe width=\"\(width)\" height=\"900\" style=\"border:0\" srcdoc=\"\(escaped)\"></iframe>"
    }
    let document = """
      <!DOCTYPE html><html><head><meta charset="utf-8"></head><body>\(frames.joined())
      <pre id="found"></pre><script>
      window.onload = () => {
        document.getElementById('found').textContent = [...document.querySelectorAll('iframe')].map(f =>
          Math.max(...[...f.contentDocument.querySelectorAll('html, .wide')].map(e => e.scrollWidth - e.clientWidth))
        ).join(' ')
      }
      </script></body></html>
      """
    try document.write(
      toFile: directory.file("page.html"), atomically: true, encoding: .utf8)
    let browser = try ChildProcess(
      "/usr/bin/chromium",
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
        "--user-data-dir=\(directory.file("profile"))", "--window-size=1400,900",
        "--virtual-time-budget=3000", "--dump-dom", "file://\(directory.file("page.html"))",
      ])
    #expect(browser.waitForExit(seconds: 60) == 0)
    let dump = String(decoding: browser.output, as: UTF8.self)
    let found = try #require(dump.firstMatch(of: /<pre id="found">([^<]+)<\/pre>/)?.1)
    return found.split(separator: " ").compactMap { Int($0) }
  }

  private func get(_ port: UInt16, _ path: String) throws -> String {
    let curl = try ChildProcess("/usr/bin/curl", ["-s", "http://127.0.0.1:\(port)\(path)"])
    #expect(curl.waitForExit(seconds: 20) == 0)
    return String(decoding: curl.output, as: UTF8.self)
  }

  @Test func `nothing scrolls sideways, whatever stands on it`() throws {
    let directory = try TemporaryDirectory()
    let server = try FakeSMTPServer()
    let port = server.port
    server.stop()
    let long = String(repeating: "abcdefghi", count: 6)
    let milter = try RunningMilter(
      [
        "status.listen": "127.0.0.1:\(port)", "log.log_addresses": "yes",
        "daemon.hostname": "\(long).example.com",
        "delivery.target": "unix:\(directory.file("\(long).sock"))",
        "engine \(long.prefix(40)).type": "whisper-server",
        "engine \(long.prefix(40)).url": "http://127.0.0.1:9",
        "transcription.engines": "\(long.prefix(40)), pocketsphinx",
      ])
    let mta = try MTA(milter)
    let mail = AsteriskMail(try VoicemailRecording.short())
    #expect(
      try mta.send(
        mail.bytes, from: "<\(long)@example.com>", to: ["<\(long)@\(long).example.com>"],
        queueID: "Q1") == "d")
    #expect(milter.waitForLog(containing: "warning: deferred"))
    let css = try get(port, "/status.css")
    let link = "<link rel=\"stylesheet\" href=\"/status.css\">"
    let page = try get(port, "/")
    #expect(page.contains(link) && page.contains("<table class=\"messages\""), "\(page)")
    #expect(page.contains("not ready") && page.contains(long))
    let styled = page.replacing(link, with: "<style>\(css)</style>")
    // The measure is worth something only if it finds faults.
    let broken = styled.replacing("<main>", with: "<main><pre>\(long)\(long)</pre>")
    for width in [360, 320] {
      let found = try overflows([styled, broken], width: width)
      #expect(found.count == 2)
      #expect(found.first == 0, "\(width) px: \(found)")
      #expect(found.last ?? 0 > 0)
    }
  }
}
