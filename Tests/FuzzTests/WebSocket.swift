@testable import Speech

/// Any bytes as what a server says: to the handshake, and through a WebSocket. The first one is the size of the pieces
/// they come in.
func fuzzWebSocket(_ input: [UInt8]) throws {
  let bytes = Array(input.dropFirst())
  let step = Int(input.first ?? 0) + 1
  let pieces = stride(from: 0, to: bytes.count, by: step)
    .map { bytes[$0..<min($0 + step, bytes.count)] }
  let (whole, inPieces) = (events([bytes[...]]), events(pieces))
  try hold(whole.events == inPieces.events, "pieces make no difference")
  try hold(whole.fault == inPieces.fault, "pieces make no difference to what is refused")
  for event in whole.events {
    switch event {
    case .message(let message): try hold(message.count <= limit, "a message is within its limit")
    case .ping(let payload): try hold(payload.count < 126, "a ping is small")
    case .pong, .close: break
    }
  }
  if case .refused(let response) = WebSocketHandshake("ws://h", headers: []).answer(bytes) {
    try hold((100...999).contains(response.status), "a status has three digits")
    try hold((1...300).contains(response.retryAfter ?? 1), "nobody waits long")
  }
}

private let limit = 300

private func events(_ pieces: [ArraySlice<UInt8>]) -> (
  events: [WebSocketReader.Event], fault: WebSocketReader.Fault?
) {
  var reader = WebSocketReader(limit: limit)
  var events: [WebSocketReader.Event] = []
  do throws(WebSocketReader.Fault) {
    for piece in pieces {
      reader.take(piece)
      while let event = try reader.next() { events.append(event) }
    }
    return (events, nil)
  } catch {
    return (events, error)
  }
}
