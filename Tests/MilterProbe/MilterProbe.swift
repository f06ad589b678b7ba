import Glibc
import MilterBridge

/// A milter for tests: answers as its arguments say and prints a line for each event.
///
///     MilterProbe ADDRESS [mode=660] [group=NAME] [mail=tempfail] [eom=discard] ...
///
/// Events that can be answered: connect mail eoh body eom. Each line begins with the number of
/// the session. `stop` on standard input stops it; the end of standard input kills it.
@main
struct MilterProbe {
  static func main() {
    blockStopSignals()
    var settings: MilterServer.Settings
    var replies: [String: MilterReply] = [:]
    do throws(MilterError) {
      settings = .init(listen: try ListenAddress(CommandLine.arguments.dropFirst().first ?? ""))
      for argument in CommandLine.arguments.dropFirst(2) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        switch parts[0] {
        case "mode": settings.socketMode = UInt32(parts[1], radix: 8)
        case "group": settings.socketGroup = parts[1]
        default: replies[parts[0]] = MilterReply.allCases.first { "\($0)" == parts[1] }
        }
      }
      let server = try MilterServer(settings) { [replies] in ScriptedSession(replies: replies) }
      say("listening")
      obeyStandardInput(server)
      try server.run()
      say("stopped")
    } catch {
      say("error \(error)")
      exit(1)
    }
  }
}

/// In all threads: what still takes one of these has waited for it.
private func blockStopSignals() {
  var signals = sigset_t()
  sigemptyset(&signals)
  for signal in [SIGTERM, SIGHUP, SIGINT] { sigaddset(&signals, signal) }
  pthread_sigmask(SIG_BLOCK, &signals, nil)
}

/// One line at once, so that lines of several threads do not mix.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

private final class Stopper: Sendable {
  let server: MilterServer
  init(_ server: MilterServer) { self.server = server }
}

private func obeyStandardInput(_ server: MilterServer) {
  var thread = pthread_t()
  let stopper = Unmanaged.passRetained(Stopper(server))  // released by nobody: lives on
  pthread_create(&thread, nil, readCommands, stopper.toOpaque())
}

private func readCommands(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  let stopper = Unmanaged<Stopper>.fromOpaque(argument).takeUnretainedValue()
  while let line = readLine() {
    if line == "stop" { stopper.server.stop() }
    if line == "activity" {
      say("activity \(MilterActivity.connections) \(MilterActivity.messages)")
    }
  }
  _exit(0)
}
