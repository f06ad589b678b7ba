internal import Operations
internal import Spool
internal import Voicemail

extension DaemonContext {
  /// What a worker is asked for one message, but for engines and limits.
  func order(for job: LeasedJob) -> WorkOrder {
    let live = live.current
    return OrderMaker(
      settings: live.settings, recognition: live.recognition, style: live.style(of: job.policy)
    ).order(
      for: .init(
        id: job.id, receivedMS: job.receivedMS, original: job.content, envelope: job.envelope,
        client: job.client, voicemail: counted(job), policy: job.policy,
        isReply: job.form == .reply))
  }

  private func counted(_ job: LeasedJob) -> VoicemailFacts {
    var voicemail = job.voicemail
    guard job.policy.countCalls else { return voicemail }
    let offset = Int64(Clock.utcOffsetSeconds()) * 1_000
    let midnight = job.receivedMS - (job.receivedMS + offset) % 86_400_000
    // What the spool cannot tell now is left out.
    voicemail.callsToday = (try? store.callNumber(of: job.id, sinceMS: midnight)) ?? nil
    return voicemail
  }
}
