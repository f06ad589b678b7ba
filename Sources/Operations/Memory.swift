internal import CGLib

/// Makes memory of blocks of that size and above go back to the system as soon as they are freed.
///
/// By default glibc raises its threshold with each large block that is freed (mallopt(3)), and keeps
/// ever larger ones for the next time, once per thread arena: a few large messages would stay
/// resident for ever.
package func returnLargeMemory(fromBytes bytes: Int32 = 128 << 10) {
  mallopt(M_MMAP_THRESHOLD, bytes)
  mallopt(M_TRIM_THRESHOLD, bytes * 8)
  // libmilter has a thread per command in progress; each arena keeps some memory for itself.
  mallopt(M_ARENA_MAX, 4)
}

/// Gives back what is free. C: `malloc_trim`
package func returnFreeMemory() { malloc_trim(0) }
