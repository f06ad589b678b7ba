internal import Operations
internal import Speech
internal import Voicemail

/// Whether the engines can make a transcript at all, by the settings and the models; asks none of them.
enum EngineSettings {
  static func check(_ settings: Settings) throws(CommandFailure) {
    let setup = Wiring.setup(settings)
    let embedded = setup.engines.filter { $0.kind == .pocketsphinx }.map(\.name)
    guard setup.inUse.contains(where: embedded.contains) else { return }
    let models = Wiring.pocketSphinx(setup)
    do throws(StepFailure) {
      try PocketSphinxEngine.checkModels(models)
    } catch {
      throw CommandFailure(error.sentence)
    }
    guard settings.engines.allSatisfy(embedded.contains), !models.hears(settings.languages) else {
      return
    }
    throw CommandFailure(
      "[transcription] language: \(settings.languages.joined(separator: ", ")) is known to none of engines = "
        + "\(settings.engines.joined(separator: ", ")), whose model speaks \(models.language)")
  }
}
