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
    let rights = UserRights(user: user)
    if let folder = folders.first(where: { !rights.allow("-x", $0) }) {
      return Finding(
        grade: .wrong, what: "socket: user \(user) cannot enter \(folder)",
        why: "Postfix cannot connect to \(path), and lets all mail pass without transcripts.",
        // Those above it belong to others.
        mend: folder == folders.last ? [ownFolder] : [ShellCommand.line(["chmod", "a+x", folder])])
    }
    guard rights.allow("-w", path) else {
      return Finding(
        grade: .wrong, what: "socket: user \(user) may not write to \(path)",
        why: "Postfix cannot connect to it, and lets all mail pass without transcripts.",
        mend: isOfSystemd
          ? ["systemctl restart voicemail-milter.socket voicemail-milter.service"]
          : [
            ownFolder,
            ShellCommand.line(["mkdir", "-p", dropIns])
              + " && printf '[milter]\\nsocket_mode = 0660\\n' > "
              + ShellCommand.line([dropIns + "/socket-mode.conf"]),
            "systemctl restart voicemail-milter",
          ])
    }
    return .good("socket: user \(user) can connect to \(path)")
  }

  /// From the root on.
  private var folders: [String] {
    let parts = path.split(separator: "/").dropLast()
    return parts.indices.map { "/" + parts[...$0].joined(separator: "/") }
  }

  /// The setgid bit gives the socket to the group: the daemon, which is not of it, could not.
  private var ownFolder: String {
    let folder = folders.last ?? "/"
    return ShellCommand.line(["chgrp", user, folder]) + " && "
      + ShellCommand.line(["chmod", "2750", folder])
  }

  /// Of a socket that systemd has made its unit says whose it is, and no setting of ours. C: systemctl(1)
  private var isOfSystemd: Bool {
    let unit = ShellCommand([
      "systemctl", "show", "-p", "Listen", "--value", "voicemail-milter.socket",
    ])
    return unit.status == 0 && unit.lines.contains { $0.hasPrefix(path + " ") }
      && ShellCommand(["systemctl", "is-active", "voicemail-milter.socket"]).status == 0
  }
}
