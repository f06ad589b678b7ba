internal import Operations
internal import Spool
internal import Voicemail

/// Whether voicemail can be taken over, transcribed and given back now; and if not, why not.
struct Readiness: Encodable, Sendable {
  struct Part: Encodable, Sendable {
    var name: String
    var ready: Bool
    /// nil when ready, unless it still starts.
    @OrNull var why: String?
  }

  var ready: Bool
  var parts: [Part]

  /// As the spool is now.
  init(asking context: DaemonContext) {
    do throws(SpoolError) {
      self.init(context, spool: nil, try context.store.statistics(nowMS: Clock.nowMS()))
    } catch {
      self.init(context, spool: error.sentence, nil)
    }
  }

  /// `spool`: what is wrong with it; nil: nothing.
  init(_ context: DaemonContext, spool trouble: String?, _ statistics: SpoolStatistics?) {
    var parts = [Part(name: "spool", ready: trouble == nil, why: trouble)]
    let paused = statistics?.paused.map { "\($0.stage.rawValue) is paused by \($0.who)" } ?? []
    let chain = context.settings.engines
    let engines = context.engines.statuses.filter { chain.contains($0.name) }
    let isStarting = Self.isStarting(context)
    let engineTrouble: String? =
      context.board.workers.allSatisfy { $0.pid == nil }
      ? "no worker has started yet"
      : engines.allSatisfy { $0.state != .ready && $0.state != .probing }
        ? engines.map { "\($0.name): \($0.why ?? $0.state.rawValue)" }.joined(separator: "; ") : nil
    parts.append(
      Part(
        name: "engines", ready: isStarting || engineTrouble == nil,
        why: isStarting ? "starting" : engineTrouble))
    let targetTrouble = Self.targetTrouble(context)
    parts.append(Part(name: "mta", ready: targetTrouble == nil, why: targetTrouble))
    parts.append(
      Part(
        name: "stages", ready: paused.isEmpty,
        why: paused.isEmpty ? nil : paused.joined(separator: "; ")))
    let isClosing = context.closing.isClosing
    parts.append(Part(name: "daemon", ready: !isClosing, why: isClosing ? "it is stopping" : nil))
    self.parts = parts
    ready = parts.allSatisfy(\.ready)
  }

  /// By the last delivery; where none was lately, the listener is asked.
  private static func targetTrouble(_ context: DaemonContext) -> String? {
    let now = Clock.nowMS()
    let delivery = context.deliveryBoard.status(target: context.settings.delivery.target)
    let (failure, success) = (delivery.lastFailureMS ?? 0, delivery.lastSuccessMS ?? 0)
    guard now - max(failure, success) < TargetProbe.freshMS else {
      return context.targetProbe.trouble(context.live.current, nowMS: now)
    }
    return failure > success ? delivery.lastFailure ?? "it does not answer" : nil
  }

  private static let startMS: Int64 = 60_000

  /// The models are being loaded: voicemail is taken over, and waits for that.
  private static func isStarting(_ context: DaemonContext) -> Bool {
    Clock.nowMS() - context.startedMS < startMS
      && context.board.workers.allSatisfy { $0.doing == .starting }
  }
}
