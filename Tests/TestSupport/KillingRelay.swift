/// Stands between the daemon and the MTA's listener, and kills the daemon at one point of a transaction.
///
/// It listens on a Unix socket, whose peer the kernel names; afterwards it only passes on.
package final class KillingRelay: Sendable {
  package enum Point: String, CaseIterable, Sendable {
    /// The listener has the command, its answer is not passed on.
    case mail, recipient
    /// Half of the content has gone.
    case content
    /// The listener has accepted the message, its answer is not passed on.
    case dot
  }

  package let target: String
  private let directory: TemporaryDirectory
  private let process: ChildProcess

  package init(to port: UInt16, at point: Point) throws {
    directory = try TemporaryDirectory()
    let path = directory.file("relay.sock")
    target = "unix:\(path)"
    process = try ChildProcess(
      "/usr/bin/python3", ["-c", Self.script, path, "\(port)", "\(point)"])
    guard process.waitForErrors(seconds: 20, until: { $0.contains("listening") }) else {
      throw ChildProcess.Failure(description: "no relay: \(process.errors)")
    }
  }

  private static let script = #"""
    import os, signal, socket, struct, sys, threading
    path, port, point = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    left = [point]
    def serve(near):
        pid = struct.unpack("3i", near.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        far = socket.create_connection(("127.0.0.1", port))
        def kill():
            left.clear()
            os.kill(pid, signal.SIGKILL)
            far.close()
            near.close()
        seen = bytearray()
        hold = threading.Event()
        def up():
            while data := near.recv(65536):
                seen.extend(data)
                text = bytes(seen)
                if point in left and point in ("mail", "recipient"):
                    word = {"mail": b"MAIL FROM:", "recipient": b"RCPT TO:"}[point]
                    if word in text:
                        end = text.index(b"\n", text.index(word)) + 1
                        far.sendall(text[len(text) - len(data):end])
                        return kill()
                if point in left and point == "content" and b"\r\n\r\n" in text:
                    far.sendall(data[:len(data) // 2])
                    return kill()
                if point in left and point == "dot" and text.endswith(b"\r\n.\r\n"):
                    hold.set()
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
        def down():
            while data := far.recv(65536):
                if hold.is_set() and b"250 2.0.0" in data:
                    return kill()
                near.sendall(data)
            near.shutdown(socket.SHUT_RDWR)
        def guarded(work):
            try: work()
            except OSError: pass
        for work in (up, down):
            threading.Thread(target=guarded, args=(work,), daemon=True).start()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    print("listening", file=sys.stderr, flush=True)
    while True:
        serve(listener.accept()[0])
    """#
}
