import TestSupport

@testable import SMTP

/// Long enough for a busy machine; reached only when something is wrong.
let patient = SMTPLimits(everywhere: .seconds(20))

func client(
  of server: FakeSMTPServer, limits: SMTPLimits = patient
) throws -> SMTPClient {
  try SMTPClient(SMTPTarget(server.target), heloName: "filter.test", limits: limits)
}

func submission(
  _ message: String = "Subject: hello\r\n\r\nbody\r\n", sender: String = "pbx@example.com",
  to recipients: [String] = ["ann@example.com"]
) -> Submission {
  Submission(
    sender: sender, recipients: recipients.map { SubmissionRecipient($0) },
    message: Array(message.utf8))
}

/// Runs one delivery against a scripted server and returns how it failed.
func failure(
  _ script: FakeSMTPServer.Script, limits: SMTPLimits = patient,
  _ submission: Submission = submission()
) throws -> SMTPFailure? {
  let server = try FakeSMTPServer(script)
  do throws(SMTPFailure) {
    let target = (try? SMTPTarget(server.target))
    guard let target else { return nil }
    _ = try SMTPClient(target, limits: limits).deliver(submission)
    return nil
  } catch {
    return error
  }
}

func script(_ change: (inout FakeSMTPServer.Script) -> Void) -> FakeSMTPServer.Script {
  var script = FakeSMTPServer.Script()
  change(&script)
  return script
}
