internal import FoundationEssentials
internal import Glibc

/// What can go wrong between daemon and worker.
enum ChannelError: Error {
  /// The other side is gone.
  case closed
  case timedOut
  /// The engine of that name went on beyond its limit.
  case engineHung(String)
  case damaged(String)
}

/// Kinds of frames; the first two go to the worker, the others come from it.
enum FrameKind: UInt8 {
  /// JSON: `WorkerSetup`. Once, first.
  case setup
  /// JSON: `WorkOrder`, followed by a `message`.
  case order
  /// Bytes of a mail, either way.
  case message
  /// JSON: `WorkerHello`, the answer to `setup`.
  case hello
  /// JSON: `WorkStage`.
  case stage
  /// JSON: `WorkOutcome`; a `message` follows when it says so.
  case outcome
  /// JSON: `EngineQuestion`, from a worker that wants to ask an engine.
  case question
  /// JSON: `EnginePass`, its answer.
  case pass
  /// JSON: `EngineReport`, when the engine has answered or failed.
  case report
}

/// The socket pair between daemon and worker. A frame is kind (1 byte), length (4 bytes, big endian), payload.
struct WorkerChannel {
  /// Larger than any message that reception lets in, with its enhancement.
  static let payloadLimit = 256 << 20

  let descriptor: Int32

  func send(_ kind: FrameKind, _ payload: [UInt8]) throws(ChannelError) {
    let length = UInt32(clamping: payload.count).bigEndian
    let header = unsafe withUnsafeBytes(of: length) { unsafe [kind.rawValue] + $0 }
    try write(header[...])
    try write(payload[...])
  }

  func send(_ kind: FrameKind, json value: some Encodable) throws(ChannelError) {
    do {
      try send(kind, Array(try JSONEncoder().encode(value)))
    } catch let error as ChannelError {
      throw error
    } catch {
      throw .damaged("cannot be written as JSON: \(error)")
    }
  }

  /// The next frame; waits until that moment, or for ever.
  func receive(until deadline: ContinuousClock.Instant? = nil) throws(ChannelError)
    -> (kind: FrameKind, payload: [UInt8])
  {
    let header = try read(5, until: deadline)
    let length = header.dropFirst().reduce(0) { $0 << 8 | Int($1) }
    guard let kind = FrameKind(rawValue: header[0]), length <= Self.payloadLimit else {
      throw .damaged("frame of kind \(header[0]) with \(length) bytes")
    }
    return (kind, try read(length, until: deadline))
  }

  static func decode<T: Decodable>(_ type: T.Type, _ payload: [UInt8]) throws(ChannelError) -> T {
    do {
      return try JSONDecoder().decode(type, from: Data(payload))
    } catch {
      throw .damaged("not the JSON of \(type)")
    }
  }

  /// C: SO_SNDTIMEO (socket(7)); after it `send` throws `closed`.
  func limitSending(seconds: Int) {
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
  }

  /// Whether the other side has hung up, without waiting.
  var isClosed: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, 0) > 0 && Int32(entry.revents) & (POLLHUP | POLLERR) != 0
  }

  private func write(_ bytes: ArraySlice<UInt8>) throws(ChannelError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw .closed
      }
    }
  }

  private func read(_ count: Int, until deadline: ContinuousClock.Instant?) throws(ChannelError)
    -> [UInt8]
  {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(count, 1 << 20))
    var buffer = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 18))
    while bytes.count < count {
      try waitReadable(until: deadline)
      let got = unsafe Glibc.read(descriptor, &buffer, min(buffer.count, count - bytes.count))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw .closed }
      bytes += buffer[..<got]
    }
    return bytes
  }

  private func waitReadable(until deadline: ContinuousClock.Instant?) throws(ChannelError) {
    guard let deadline else { return }
    while true {
      let (seconds, attoseconds) = ContinuousClock.now.duration(to: deadline).components
      let left = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
      guard left > 0 else { throw .timedOut }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&entry, 1, Int32(clamping: left))
      if ready > 0 { return }
      if ready < 0, errno != EINTR { throw .closed }
    }
  }
}
