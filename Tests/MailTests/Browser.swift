import Foundation
import TestSupport
import Testing
import Voicemail

/// The HTML part as a browser shows it: one start of Chromium for each colour scheme, a frame for each
/// mail and width. A script in the page around the frames measures and tells.
@Suite struct `The HTML in a browser` {
  struct Finding: Codable, Sendable {
    var name: String
    var width: Int
    /// Pixels by which something is wider than the frame.
    var overflow: Int
    /// Lowest contrast of any text (WCAG 2.1, 1.4.3), and that text.
    var contrast: Double
    var faintest: String
    /// Smallest text in pixels.
    var fontSize: Double
    var isDark: Bool
    var language: String
    /// Addresses that the mail made the browser ask for.
    var requests: [String]
    /// Scripts of the mail that ran.
    var alarms: Int
  }

  @Test(arguments: [false, true])
  func `fits a phone and a desk, is readable in light and dark, and asks nobody`(_ isDark: Bool)
    throws
  {
    let findings = try Self.look(at: MailSample.all, isDark: isDark)
    #expect(findings.count == MailSample.all.count * 2)
    for finding in findings {
      let place = "\(finding.name), \(finding.width) px, \(isDark ? "dark" : "light")"
      #expect(finding.overflow <= 0, "\(place)")
      #expect(finding.contrast >= 4.5, "\(place): \(finding.faintest)")
      #expect(finding.fontSize >= 14, "\(place)")
      #expect(!finding.language.isEmpty, "\(place)")
      #expect(finding.requests == [] && finding.alarms == 0, "\(place)")
      // A document of the PBX's own has the PBX's colours.
      #expect(finding.isDark == (isDark && !finding.name.hasPrefix("PBX")), "\(place)")
    }
  }

  /// The measure is worth something only if it can find faults.
  @Test func `finds faults where they are`() throws {
    let faulty = MailSample(
      name: "faulty",
      document: "<!DOCTYPE html><html><body><p style=\"color:#999;font-size:9px\">faint</p>"
        + "<pre>\(String(repeating: "wide", count: 300))</pre>"
        + "<img src=\"http://127.0.0.1:9/x.png\"><script>parent.alarms++</script></body></html>")
    let findings = try Self.look(at: [faulty], isDark: false)
    let finding = try #require(findings.first)
    #expect(finding.overflow > 0 && finding.contrast < 4.5 && finding.fontSize == 9)
    #expect(finding.language.isEmpty && finding.alarms == 2)
    #expect(finding.requests == ["http://127.0.0.1:9/x.png"])
  }

  static func look(at samples: [MailSample], isDark: Bool) throws -> [Finding] {
    let directory = try TemporaryDirectory()
    let page = directory.file("page.html")
    try Self.page(samples).write(toFile: page, atomically: true, encoding: .utf8)
    let browser = try ChildProcess(
      "/usr/bin/chromium",
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
        "--disable-background-networking", "--disable-sync", "--hide-scrollbars",
        "--user-data-dir=\(directory.file("profile"))", "--window-size=1400,900",
        "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)",
        "--virtual-time-budget=3000", "--dump-dom", "file://\(page)",
      ])
    #expect(browser.waitForExit(seconds: 60) == 0)
    let dump = String(decoding: browser.output, as: UTF8.self)
    let found = try #require(
      dump.components(separatedBy: "<pre id=\"findings\">").last?.components(separatedBy: "</pre>")
        .first)
    let json = found.replacingOccurrences(of: "&lt;", with: "<")
      .replacingOccurrences(of: "&gt;", with: ">").replacingOccurrences(of: "&amp;", with: "&")
    return try JSONDecoder().decode([Finding].self, from: Data(json.utf8))
  }

  private static func page(_ samples: [MailSample]) -> String {
    var frames = ""
    for sample in samples {
      for width in [320, 1000] {
        let document = HTMLEscape.escape(sample.document)
        frames +=
          "<iframe data-name=\"\(HTMLEscape.escape(sample.name))\" width=\"\(width)\" height=\"900\" "
          + "style=\"border:0;color-scheme:light dark\" srcdoc=\"\(document)\"></iframe>\n"
      }
    }
    return """
      <!DOCTYPE html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
      <script>var alarms = 0; function alert() { alarms++ }</script></head><body>
      \(frames)<pre id="findings"></pre><script>\(script)</script></body></html>
      """
  }

  private static let script = """
    function channel(v) { v /= 255; return v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4) }
    function luminance(c) { return .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]) }
    function ratio(a, b) {
      var [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p)
      return (x + .05) / (y + .05)
    }
    function rgba(text) {
      var n = text.match(/[\\d.]+/g).map(Number)
      return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]
    }
    function over(top, alpha, below) { return [0, 1, 2].map(i => top[i] * alpha + below[i] * (1 - alpha)) }
    // Opacity of an element and all around it; what is behind is taken for one colour.
    function measure(frame) {
      var window = frame.contentWindow, document = frame.contentDocument, root = document.documentElement
      var probe = document.createElement('i')
      probe.style.color = 'Canvas'
      document.body.append(probe)
      var canvas = rgba(window.getComputedStyle(probe).color)
      probe.remove()
      var found = {name: frame.dataset.name, width: frame.clientWidth, contrast: 21, faintest: '', fontSize: 99,
        overflow: root.scrollWidth - window.innerWidth, isDark: luminance(canvas) < .5, language: root.lang,
        alarms: alarms, requests: window.performance.getEntriesByType('resource').map(e => e.name)}
      var walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      while (walker.nextNode()) {
        var element = walker.currentNode.parentElement
        if (!walker.currentNode.data.trim() || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue
        if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue
        var style = window.getComputedStyle(element), back = canvas, alpha = 1, behind = []
        for (var e = element; e; e = e.parentElement) {
          var s = window.getComputedStyle(e)
          alpha *= Number(s.opacity)
          behind.unshift(rgba(s.backgroundColor))
        }
        for (var b of behind) back = over(b, b[3], back)
        var color = rgba(style.color), contrast = ratio(over(color, color[3] * alpha, back), back)
        if (contrast < found.contrast) {
          found.contrast = contrast
          found.faintest = walker.currentNode.data.trim().slice(0, 60)
        }
        found.fontSize = Math.min(found.fontSize, parseFloat(style.fontSize))
      }
      return found
    }
    window.onload = () => {
      document.getElementById('findings').textContent =
        JSON.stringify([...document.querySelectorAll('iframe')].map(measure))
    }
    """
}
