/// What all connections of the SMTP fronts share.
struct ContentFilterCommons: Sendable {
  let offer = ListenerOffer()
  let loops = LoopWatch()
}
