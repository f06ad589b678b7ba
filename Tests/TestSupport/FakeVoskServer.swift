import Foundation

/// A Vosk server without a recogniser, on another's WebSockets: Debian's python3-websockets. It hears what it is told to,
/// and sends a ping before each answer that it waits for.
package final class FakeVoskServer: Sendable {
  package let url: String
  /// The server's certificate, in PEM, of `wss:`.
  package let certificate: String
  /// A line for each thing that came: `config JSON`, `chunk BYTES`, `eof`, `pong`, `closed CODE`.
  package var lines: [String] {
    process.errors.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("port=") }
  }

  private let directory: TemporaryDirectory
  private let process: ChildProcess

  /// Waits for the line with which a conversation ends; false when the limit passed first.
  package func waitForEnd(seconds: Double = 20) -> Bool {
    process.waitForErrors(seconds: seconds) { $0.contains("closed ") || $0.contains("lost") }
  }

  /// `results`: JSON of utterances; each is the answer to a chunk, the last that to the end.
  package init(_ results: [String], isEncrypted: Bool = false) throws {
    directory = try TemporaryDirectory()
    certificate = directory.file("cert.pem")
    let script = """
      import asyncio, ssl, subprocess, sys, websockets
      # A line at once: who waits for its beginning has all of it.
      def say(*words): sys.stderr.write(" ".join(map(str, words)) + "\\n")
      folder, encrypted, results = sys.argv[1], sys.argv[2] == "true", sys.argv[3:]
      async def talk(socket, path=None):
        told = list(results)
        chunks = 0
        try:
          async for message in socket:
            if isinstance(message, str) and "config" in message:
              say("config", message)
              continue
            await (await socket.ping())
            say("pong")
            if message == '{"eof" : 1}':
              say("eof")
              await socket.send(told[-1])
              break
            chunks += 1
            say("chunk", len(message))
            await socket.send(told.pop(0) if len(told) > 1 and chunks % 3 == 0 else '{"partial" : "x"}')
          await socket.wait_closed()
          say("closed", socket.close_code)
        except websockets.ConnectionClosed:
          say("lost")
      async def serve():
        context = None
        if encrypted:
          subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"], check=True,
            stderr=subprocess.DEVNULL)
          context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
          context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
        async with websockets.serve(talk, "127.0.0.1", 0, ssl=context) as server:
          say("port=%d;" % server.sockets[0].getsockname()[1])
          await asyncio.Future()
      asyncio.run(serve())
      """
    process = try ChildProcess(
      "/usr/bin/python3", ["-c", script, directory.path, "\(isEncrypted)"] + results)
    let process = process
    guard process.waitForErrors(seconds: 30, until: { $0.contains(";") }),
      let port = process.errors.components(separatedBy: "port=").dropFirst().first?
        .components(separatedBy: ";").first
    else { throw ChildProcess.Failure(description: "no Vosk server: \(process.errors)") }
    url = "\(isEncrypted ? "wss" : "ws")://127.0.0.1:\(port)"
  }
}
