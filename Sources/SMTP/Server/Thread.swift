import Glibc

/// A thread of the system's own, for code that blocks: Dispatch would run out of them.
enum Thread {
  private final class Work {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// False when the system has none left; the work is not done then.
  static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
    let work = unsafe Unmanaged.passRetained(Work(run))
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    // The new thread owns the reference, if there is one.
    guard unsafe pthread_create(&thread, &attributes, runThread, work.toOpaque()) == 0 else {
      unsafe work.release()
      return false
    }
    return true
  }

  /// C: the start routine of `pthread_create`.
  private static let runThread:
    @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { pointer in
      if let pointer = unsafe pointer {
        unsafe Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run()
      }
      return nil
    }
}
