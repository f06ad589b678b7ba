import Foundation

/// An HTTPS server with a certificate that nobody has signed but itself; gives one answer to all.
package final class FakeTLSServer: Sendable {
  package let url: String
  /// The certificate, in PEM.
  package let certificate: String
  /// The lines of the requests it got.
  package var log: String { process.errors }

  private let directory: TemporaryDirectory
  private let process: ChildProcess

  package init(answer: String) throws {
    directory = try TemporaryDirectory()
    certificate = directory.file("cert.pem")
    let script = """
      import http.server, ssl, subprocess, sys
      folder, answer = sys.argv[1], sys.argv[2].encode()
      subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"], check=True,
        stderr=subprocess.DEVNULL)
      class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
          self.rfile.read(int(self.headers["Content-Length"]))
          self.send_response(200)
          self.send_header("Content-Length", str(len(answer)))
          self.end_headers()
          self.wfile.write(answer)
      class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request, address): pass
      server = Server(("127.0.0.1", 0), Handler)
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
      server.socket = context.wrap_socket(server.socket, server_side=True,
        do_handshake_on_connect=False)
      print("port=%d;" % server.server_port, file=sys.stderr, flush=True)
      server.serve_forever()
      """
    process = try ChildProcess("/usr/bin/python3", ["-c", script, directory.path, answer])
    let process = process
    guard process.waitForErrors(seconds: 30, until: { $0.contains(";") }),
      let port = process.errors.components(separatedBy: "port=").dropFirst().first?
        .components(separatedBy: ";").first
    else { throw ChildProcess.Failure(description: "no TLS server: \(process.errors)") }
    url = "https://127.0.0.1:\(port)"
  }
}
