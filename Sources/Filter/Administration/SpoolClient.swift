internal import Glibc
internal import Operations
internal import Spool
internal import Voicemail

/// A command's way to the spool: the daemon, or the spool itself while no daemon runs.
final class SpoolClient {
  private let settings: Settings
  private var store: JobStore?

  init(_ settings: Settings) { self.settings = settings }

  /// The answer, good or bad.
  func ask(_ request: [String]) throws(CommandFailure) -> ControlReply {
    if store == nil {
      do throws(ControlError) {
        let path = ControlSocket.path(stateDirectory: settings.stateDirectory)
        return try ControlSocket.ask(request, at: path)
      } catch {
        guard error.kind == .down else { throw CommandFailure(error) }
      }
    }
    return try askSpool(request)
  }

  private func askSpool(_ request: [String]) throws(CommandFailure) -> ControlReply {
    let store = try opened()
    if request.first == "status" {
      let now = Clock.nowMS()
      let numbers = try spool { () throws(SpoolError) in try store.statistics(nowMS: now) }
      let report = StatusReport(version: Version.program, nowMS: now, daemon: nil, spool: numbers)
      return ControlReply(report.print(asJSON: request.contains("--json")))
    }
    if request.first == "engines" {
      let desk = EngineDesk { _, _, _ in }
      desk.configure(
        settings.allEngines, spent: try spool { () throws(SpoolError) in try store.spending() })
      let report = EnginesReport(nowMS: Clock.nowMS(), isRunning: false, engines: desk.statuses)
      return ControlReply(report.print(asJSON: request.contains("--json")))
    }
    let answers = SpoolAnswers(
      store: store, who: userName(getuid()), engines: settings.allEngines.map(\.name))
    return answers.answer(request)
      ?? ControlReply(failed: true, "unknown request")
  }

  private func opened() throws(CommandFailure) -> JobStore {
    if let store { return store }
    let fresh = try open()
    store = fresh
    return fresh
  }

  private func open() throws(CommandFailure) -> JobStore {
    let directory = settings.stateDirectory
    if unsafe access(directory, X_OK) != 0, errno == EACCES {
      throw .notPermitted(
        "state directory \(directory): Permission denied; be root or a member of its group")
    }
    // The files are the daemon's own: its group may ask it, and has no way past it.
    for name in ["spool.lock", "spool.sqlite"] {
      let path = directory + "/" + name
      guard unsafe access(path, R_OK | W_OK) != 0, errno == EACCES else { continue }
      throw .notPermitted(
        "the daemon is not running, and \(path) is its own: Permission denied; be root, or start it"
      )
    }
    do throws(SpoolError) {
      let store = try JobStore(directory: directory, mayCreate: false)
      // The lock is ours: whoever held a lease is dead, and nothing is being delivered. What is in the way of that is
      // no reason to show nothing.
      _ = try? store.voidLeases(nowMS: Clock.nowMS())
      return store
    } catch {
      throw .unavailable("the daemon is not running, and \(error.sentence)")
    }
  }
}

extension CommandFailure {
  init(_ error: ControlError) {
    self =
      switch error.kind {
      case .down: .unavailable("the daemon is not running")
      case .forbidden: .notPermitted(error.sentence)
      case .other: CommandFailure(error.sentence)
      }
  }
}

/// Login name of a user id, or its number. C: getpwuid_r(3).
func userName(_ id: UInt32) -> String {
  var entry = unsafe passwd()
  var buffer = [CChar](repeating: 0, count: 16_384)
  var found: UnsafeMutablePointer<passwd>?
  let code = unsafe getpwuid_r(id, &entry, &buffer, buffer.count, &found)
  guard code == 0, unsafe found != nil, let name = unsafe entry.pw_name else { return "user \(id)" }
  return unsafe String(cString: name)
}
