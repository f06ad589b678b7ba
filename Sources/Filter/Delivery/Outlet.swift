internal import Operations
internal import SMTP

/// One delivery thread's way to the MTA. A connection is kept from one message to the next, within bounds.
final class Outlet {
  private static let messagesPerConnection = 100
  private static let idleLimitMS: Int64 = 5_000

  private var connection: SMTPClient?
  private var messages = 0
  private var limits = SMTPLimits()
  private var idleFromMS: Int64 = 0

  /// When an unused connection is to be closed (milliseconds since 1970); nil when there is none.
  var closesAtMS: Int64? { connection == nil ? nil : idleFromMS + Self.idleLimitMS }

  /// Hands one message over, as `SMTPClient.deliver` says.
  func deliver(_ submission: Submission, to target: DeliveryTarget, _ live: LiveSettings.Snapshot)
    throws(SMTPFailure) -> DeliveryResult
  {
    switch target {
    case .command(let command):
      return try command.deliver(submission, limit: live.limits.finalDot)
    case .listener(let listener):
      if let kept = kept(for: listener, live) {
        do throws(SMTPFailure) {
          return try deliver(submission, over: kept)
        } catch {
          // The server had enough of this connection, not of this message.
          guard error.isEndOfConnection, [.xforward, .mail].contains(error.stage) else {
            throw error
          }
        }
      }
      connection = nil
      let new = try SMTPClient(listener, heloName: live.settings.hostname, limits: live.limits)
      try new.refuseOwnKind()
      (connection, messages, limits) = (new, 0, live.limits)
      return try deliver(submission, over: new)
    }
  }

  /// Says goodbye when the connection was not used for a while.
  func rest(nowMS: Int64) {
    guard let closesAtMS, nowMS >= closesAtMS || nowMS < idleFromMS else { return }
    close()
  }

  func close() {
    connection?.quit()
    connection = nil
  }

  private func kept(for target: SMTPTarget, _ live: LiveSettings.Snapshot) -> SMTPClient? {
    guard let connection else { return nil }
    let most = connection.extensions.maximumMessages ?? Self.messagesPerConnection
    if connection.target == target, limits == live.limits, connection.isUsable,
      messages < min(most, Self.messagesPerConnection)
    {
      return connection
    }
    if connection.isUsable { connection.quit() }
    return nil
  }

  private func deliver(_ submission: Submission, over client: SMTPClient) throws(SMTPFailure)
    -> DeliveryResult
  {
    messages += 1
    defer {
      idleFromMS = Clock.nowMS()
      if !client.isUsable { connection = nil }
    }
    return try client.deliver(submission)
  }
}
