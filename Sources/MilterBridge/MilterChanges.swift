internal import CMilter

/// What a session may change of a message, at its end.
///
/// Not copyable and only ever lent, as `MilterMacros`: libmilter takes changes in that callback alone.
@safe package struct MilterChanges: ~Copyable {
  @safe private let context: OpaquePointer?
  /// The MTA writes the value right behind the colon.
  private let needsLeadingSpace: Bool

  init(_ context: OpaquePointer, needsLeadingSpace: Bool) {
    unsafe self.context = context
    self.needsLeadingSpace = needsLeadingSpace
  }

  /// Changes that no MTA takes, for tests of sessions.
  init() { (context, needsLeadingSpace) = (nil, false) }

  /// Puts a header field above all others; false when the MTA does not take it.
  ///
  /// Only where the server was told to ask for that right (`Settings.addsFields`), and the MTA has granted it.
  /// Values are printable ASCII. C: `smfi_insheader`
  package func insertField(_ name: String, _ value: String) -> Bool {
    guard let context else { return false }
    return unsafe name.withCString { name in
      unsafe (needsLeadingSpace ? " \(value)" : value).withCString { value in
        // libmilter takes `char *` but copies both.
        unsafe smfi_insheader(
          context, 0, UnsafeMutablePointer(mutating: name), UnsafeMutablePointer(mutating: value))
      }
    } == MI_SUCCESS
  }
}
