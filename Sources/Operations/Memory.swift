internal import CGLib

/// Makes memory of large blocks go back to the system as soon as they are freed.
///
/// By default glibc raises its threshold with each large block that is freed (mallopt(3)), and keeps
/// ever larger ones for the next time, once per thread arena: a few large messages would stay
/// resident for ever.
package func returnLargeMemory() {
  mallopt(M_MMAP_THRESHOLD, 128 << 10)
  mallopt(M_TRIM_THRESHOLD, 1 << 20)
  // libmilter has a thread per command in progress; each arena keeps some memory for itself.
  mallopt(M_ARENA_MAX, 4)
}
