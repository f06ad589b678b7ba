internal import Mail
internal import Operations
internal import Spool
internal import Voicemail

/// What the daemon's threads share; everything in it is immutable or locks by itself.
struct DaemonContext: Sendable {
  var settings: Settings
  var log: Log
  var store: JobStore
  var recognition: Recognition
  var board: WorkerBoard
  /// Rings when a message waits for a worker.
  var transcription = Doorbell()
  /// Rings when a message is ready to go out.
  var delivery = Doorbell()
  var deliveryBoard = DeliveryBoard()
  var startedMS = Clock.nowMS()

  /// Trace line and marker: on top of every message that goes out, enhanced or not.
  func ownHeaders(for job: LeasedJob) -> [HeaderField] {
    let message = GMimeReader().readHeaders(job.content)
    let seconds = job.receivedMS / 1_000
    let trace = TraceHeader(
      client: job.client, hostname: settings.hostname, spoolID: job.id, unixSeconds: seconds,
      utcOffsetSeconds: Clock.utcOffsetSeconds())
    return [
      trace.field,
      recognition.loopGuard.marker(id: job.id, unixSeconds: seconds, message: message),
    ]
  }
}
