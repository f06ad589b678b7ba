internal import Glibc

/// What another user may do with a file, as the kernel decides, access lists included. Only root can ask.
struct UserRights {
  let user: String

  /// `access` is test(1)'s: -w, -x. C: setpriv(1)
  func allow(_ access: String, _ path: String) -> Bool {
    let user = ShellCommand.line([user])
    let line =
      "setpriv --reuid=\(user) --regid=\"$(id -g \(user))\" --init-groups "
      + ShellCommand.line(["test", access, path])
    return ShellCommand(line: line).status == 0
  }
}
