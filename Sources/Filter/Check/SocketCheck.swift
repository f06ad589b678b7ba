internal import Glibc

/// Whether a user of this host, Postfix's, can connect to the milter's socket.
struct SocketCheck {
  let path: String
  let user: String
  /// The folder for settings beside the main file.
  let dropIns: String

  func finding() -> Finding {
    let listening = LocalSocket.connect(path)
    if listening == ENOENT || listening == ECONNREFUSED {
      return Finding(
        grade: .wrong, what: "socket: nobody listens at \(path)",
        why: "Postfix lets all mail pass without transcripts while it cannot connect.",
        mend: ["systemctl restart voicemail-milter"])
    }
    guard geteuid() == 0 else {
      return Finding(
        grade: .advice, what: "socket: not looked at with the eyes of \(user)",
        why: "Whether that user can connect to \(path) only root can tell.",
        mend: ["sudo voicemail-milter check --live"])
    }
    if let folder = folders.first(where: { !isAllowed("-x", $0) }) {
      return Finding(
        grade: .wrong, what: "socket: user \(user) cannot enter \(folder)",
        why: "Postfix cannot connect to \(path), and lets all mail pass without transcripts.",
        mend: [
          ShellCommand.line(["chgrp", user, folder]) + " && "
            + ShellCommand.line(["chmod", "2750", folder])
        ])
    }
    guard isAllowed("-w", path) else {
      let lines = "[milter]\\nsocket_mode = 0660\\nsocket_group = \(user)\\n"
      return Finding(
        grade: .wrong, what: "socket: user \(user) may not write to \(path)",
        why: "Postfix cannot connect to it, and lets all mail pass without transcripts.",
        mend: [
          ShellCommand.line(["mkdir", "-p", dropIns]),
          "printf '\(lines)' > \(ShellCommand.line([dropIns + "/socket.conf"])) && systemctl restart voicemail-milter",
        ])
    }
    return .good("socket: user \(user) can connect to \(path)")
  }

  /// From the root on.
  private var folders: [String] {
    let parts = path.split(separator: "/").dropLast()
    return parts.indices.map { "/" + parts[...$0].joined(separator: "/") }
  }

  /// As the kernel decides, access lists included. C: setpriv(1), test(1)
  private func isAllowed(_ access: String, _ path: String) -> Bool {
    let user = ShellCommand.line([user])
    let line =
      "setpriv --reuid=\(user) --regid=\"$(id -g \(user))\" --init-groups "
      + ShellCommand.line(["test", access, path])
    return ShellCommand(line: line).status == 0
  }
}
