internal import CMilter

/// The MTA's macros as they stand in one callback.
///
/// Not copyable and only ever lent, so that a session cannot keep it beyond the callback, where
/// libmilter's context may be gone. Macros of earlier stages stay readable.
@safe package struct MilterMacros: ~Copyable {
  @safe private enum Source {
    case context(OpaquePointer)
    case values([String: String])
  }
  private let source: Source

  init(_ context: OpaquePointer) {
    unsafe source = .context(context)
  }

  /// Macros without an MTA, for tests of sessions; names as they are asked for.
  package init(_ values: [String: String]) {
    source = .values(values)
  }

  /// The value, or nil when the MTA sent none. Names as in `i`, `j`, `{auth_authen}`.
  ///
  /// Postfix knows `i`, the queue id, from the second recipient on: read it at the end of message.
  /// C: `smfi_getsymval`
  package func symbol(_ name: String) -> String? {
    switch source {
    case .values(let values):
      return values[name]
    case .context(let context):
      return unsafe name.withCString { name in
        // libmilter takes `char *` but does not write to it.
        let value = unsafe smfi_getsymval(context, UnsafeMutablePointer(mutating: name))
        guard let value = unsafe value else { return nil }
        return unsafe String(cString: value)
      }
    }
  }
}
