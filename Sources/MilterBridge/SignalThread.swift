internal import Glibc

/// Keeps libmilter's hands off the program's signals.
///
/// libmilter starts a thread that waits for SIGTERM, SIGHUP and SIGINT, takes whichever the kernel happens to give it, and
/// then stops without a drain (libmilter/signal.c: `mi_signal_thread`). It can be told not to by nothing but this: the
/// program's own `sigwait` comes before that of the C library (ld.so(8), symbol interposition), and this one waits for
/// ever. Nothing else in the program calls it.
@c(sigwait)
public func milterSignalWait(
  _ signals: UnsafeRawPointer?, _ signal: UnsafeMutableRawPointer?
) -> Int32 {
  while true { pause() }
}
