internal import Speech
internal import Voicemail

/// A process's own engines, made when they are first needed and kept.
final class EngineRoom: EngineSource {
  private let setup: WorkerSetup
  private var ready: [String: any SpeechEngine] = [:]

  init(_ setup: WorkerSetup) { self.setup = setup }

  func engine(_ name: String) throws(EngineFailure) -> any SpeechEngine {
    if let engine = ready[name] { return engine }
    guard let configuration = setup.engines.first(where: { $0.name == name }) else {
      throw .administrator("is not in the settings")
    }
    let engine = try Self.make(configuration, setup)
    ready[name] = engine
    return engine
  }

  private static func make(_ configuration: EngineConfiguration, _ setup: WorkerSetup)
    throws(EngineFailure) -> any SpeechEngine
  {
    guard configuration.kind == .pocketsphinx else { return try RemoteEngine(configuration) }
    do throws(StepFailure) {
      return try PocketSphinxEngine(Wiring.pocketSphinx(setup), as: configuration)
    } catch {
      throw .administrator(error.sentence)
    }
  }
}
