@testable import Speech
import TestSupport
import Testing
import Voicemail

/// What engines are told of a language, in the tags that they know.
@Suite struct Languages {
  @Test(arguments: [
    ("de", "de-DE"), ("eu", "eu-ES"), ("gl", "gl-ES"), ("cy", "cy-GB"), ("af", "af-ZA"),
    ("ta", "ta-IN"), ("ms", "ms-MY"), ("ur", "ur-PK"), ("sq", "sq-AL"), ("nb", "nb-NO"),
    ("en-gb", "en-GB"), ("es_mx", "es-MX"), ("zh-hant", "zh-Hant"), ("fil", "fil-PH"),
    // Nobody's: no region is made up.
    ("gv", "gv"), ("nn", "nn"),
  ])
  func `a region is one that is known`(_ tag: String, _ told: String) {
    #expect(LanguageTag.regional(tag) == told)
  }

  @Test(arguments: [
    (EngineConfiguration.Kind.amazon, "nb-NO", "no-NO"), (.amazon, "cy", "cy-WL"),
    (.amazon, "fil", "tl-PH"), (.amazon, "eu", "eu-ES"), (.azure, "no", "nb-NO"),
    (.azure, "ur", "ur-IN"), (.azure, "cy", "cy-GB"), (.google, "ur", "ur-PK"),
  ])
  func `each service has its own name where the others have another`(
    _ kind: EngineConfiguration.Kind, _ tag: String, _ told: String
  ) throws {
    let side: FarSide = kind == .amazon ? .amazonStart : kind == .azure ? .azure : .google1
    let scene = try side.open([])
    _ = try scene.engine.recognize(Engines.request(Engines.short, languages: [tag]))
    let asked = try #require(scene.asked.first)
    #expect((asked.fields.first ?? asked.text).contains("\"\(told)\""), "\(asked)")
  }

  @Test(arguments: [
    (["nb-NO"], "no"), (["nb"], "no"), (["no", "nb-NO"], "no"), (["nn-NO"], "nn"),
    (["de-AT"], "de"),
    (["en", "fr"], nil),
  ])
  func `whisper is told one code, and knows Bokmål as Norwegian`(_ tags: [String], _ code: String?)
    throws
  {
    let server = try FakeHTTPServer(.json(#"{"text":"Hei"}"#))
    for (kind, unknown) in [(EngineConfiguration.Kind.whisperServer, "auto"), (.openai, nil)] {
      let (engine, _) = try Engines.make(kind, at: server.url)
      _ = try engine.recognize(Engines.request(Engines.short, languages: tags))
      let told = server.requests.last?.fields.first { $0.hasPrefix("language=") }
      #expect(told == (code ?? unknown).map { "language=\($0)" })
    }
  }
}
