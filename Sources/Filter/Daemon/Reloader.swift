internal import Operations
internal import Spool
internal import Synchronization

/// Reads the configuration again and puts in force what can change at run time. A daemon has one.
final class Reloader: Sendable {
  /// The file that `run` was started with; nil is the standard one.
  private let configuration: String?
  private let context: DaemonContext
  /// One reload at a time: signals and the control socket ask by threads of their own, and the later file must win.
  private let turn = Mutex(())

  init(configuration: String?, context: DaemonContext) {
    self.configuration = configuration
    self.context = context
  }

  /// What happened, in words. Wrong settings change nothing.
  func reload() throws(CommandFailure) -> String {
    try turn.withLock { _ throws(CommandFailure) in try reloadInTurn() }
  }

  private func reloadInTurn() throws(CommandFailure) -> String {
    do throws(CommandFailure) {
      let report = try apply()
      context.log.info(
        "reloaded",
        [
          "changed": report.changed.joined(separator: ", "),
          "need_restart": report.needRestart.joined(separator: ", "),
        ])
      var text =
        report.changed.isEmpty
        ? "nothing changed\n" : "changed: \(report.changed.joined(separator: ", "))\n"
      if !report.needRestart.isEmpty {
        text += "needs a restart: \(report.needRestart.joined(separator: ", "))\n"
      }
      return text
    } catch {
      context.log.error("not reloaded, nothing changed", ["why": error.sentence])
      throw error
    }
  }

  private func apply() throws(CommandFailure) -> Settings.Reload {
    let fresh: Settings
    let sources: SettingsSources
    do throws(SettingsError) {
      sources = try SettingsSources.load(path: configuration)
      fresh = try Settings(sources)
    } catch {
      throw CommandFailure(error.lines.joined(separator: "\n"))
    }
    // What `run` would refuse, even where it waits for a restart: that must not be the moment it is found.
    try Daemon.checkSettings(fresh, sources)
    let report = context.settings.reload(fresh)
    let target = context.live.current.target
    try context.live.replace(report.settings)
    if context.live.current.target != target { context.targetHealth.forget() }
    context.targetHealth.tryNow()
    context.log.level = report.settings.logLevel
    context.log.showsAddresses = report.settings.logAddresses
    do throws(SpoolError) {
      try context.configureEngines()
    } catch {
      context.log.error("spool trouble", ["where": "reload", "why": error.sentence])
    }
    // Workers that wait are those of the settings before; deadline, lifetime and target may make something due.
    context.wakeAll()
    context.alarms.bell.ring()
    context.housekeeping.ring()
    return report
  }
}
