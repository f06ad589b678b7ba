internal import CMilter
internal import Glibc
internal import Synchronization

// The functions libmilter calls, and the pointer it keeps for us: the only Unmanaged here.
//
// libmilter has no user pointer at registration; what the callbacks need beyond their connection
// stands in `milterProcess`. None of them throws or traps on what the peer sends; every one
// copes with a context that has no connection yet (commands out of order) or never gets one.

/// C: `xxfi_negotiate`
func milterNegotiate(
  _ context: OpaquePointer?, _ offeredActions: UInt, _ offeredSteps: UInt, _: UInt, _: UInt,
  _ actions: UnsafeMutablePointer<UInt>?, _ steps: UnsafeMutablePointer<UInt>?,
  _ reserved2: UnsafeMutablePointer<UInt>?, _ reserved3: UnsafeMutablePointer<UInt>?
) -> sfsistat {
  let options = MilterOptions(
    offeredActions: offeredActions, offeredSteps: offeredSteps,
    addsFields: milterProcess.withLock { $0.addsFields })
  unsafe actions?.pointee = options.actions
  unsafe steps?.pointee = options.steps
  unsafe reserved2?.pointee = 0
  unsafe reserved3?.pointee = 0
  if options.canAskForMacros { unsafe askForMacros(context) }
  _ = unsafe adopt(context, options)
  return SMFIS_CONTINUE
}

/// C: `xxfi_connect`
func milterConnect(
  _ context: OpaquePointer?, _ name: UnsafeMutablePointer<CChar>?,
  _ address: UnsafeMutablePointer<sockaddr>?
) -> sfsistat {
  guard let context = unsafe context, let connection = unsafe connection(context) else {
    return SMFIS_ACCEPT
  }
  let facts = unsafe ConnectFacts(name: string(name), socketAddress: address)
  return connection.connect(facts, unsafe MilterMacros(context))
}

/// C: `xxfi_helo`
func milterHelo(_ context: OpaquePointer?, _ name: UnsafeMutablePointer<CChar>?) -> sfsistat {
  unsafe connection(context)?.helo(string(name)) ?? SMFIS_CONTINUE
}

/// C: `xxfi_envfrom`
func milterEnvelopeFrom(
  _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> sfsistat {
  guard let context = unsafe context, let connection = unsafe connection(context) else {
    return SMFIS_ACCEPT
  }
  return unsafe connection.envelopeFrom(list(arguments), MilterMacros(context))
}

/// C: `xxfi_envrcpt`
func milterRecipient(
  _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> sfsistat {
  guard let context = unsafe context, let connection = unsafe connection(context) else {
    return SMFIS_CONTINUE
  }
  return unsafe connection.recipient(list(arguments), MilterMacros(context))
}

/// C: `xxfi_data`; there so that Postfix waits for a reply, see `MilterOptions`.
func milterData(_ context: OpaquePointer?) -> sfsistat {
  unsafe connection(context)?.data() ?? SMFIS_CONTINUE
}

/// C: `xxfi_header`
func milterHeader(
  _ context: OpaquePointer?, _ name: UnsafeMutablePointer<CChar>?,
  _ value: UnsafeMutablePointer<CChar>?
) -> sfsistat {
  guard let connection = unsafe connection(context) else { return SMFIS_CONTINUE }
  return unsafe connection.header(buffer(name).span, buffer(value).span)
}

/// C: `xxfi_eoh`
func milterEndOfHeaders(_ context: OpaquePointer?) -> sfsistat {
  guard let context = unsafe context, let connection = unsafe connection(context) else {
    return SMFIS_CONTINUE
  }
  return connection.endOfHeaders(unsafe MilterMacros(context))
}

/// C: `xxfi_body`
func milterBody(
  _ context: OpaquePointer?, _ chunk: UnsafeMutablePointer<UInt8>?, _ count: Int
) -> sfsistat {
  guard let connection = unsafe connection(context), let chunk = unsafe chunk, count > 0 else {
    return SMFIS_CONTINUE
  }
  let bytes = unsafe UnsafeRawBufferPointer(start: chunk, count: count)
  return unsafe connection.body(bytes.bytes)
}

/// C: `xxfi_eom`
func milterEndOfMessage(_ context: OpaquePointer?) -> sfsistat {
  guard let context = unsafe context, let connection = unsafe connection(context) else {
    return SMFIS_CONTINUE
  }
  let changes = unsafe MilterChanges(
    context, needsLeadingSpace: connection.options.keepsLeadingSpace)
  return connection.endOfMessage(unsafe MilterMacros(context), changes)
}

/// C: `xxfi_abort`
func milterAbort(_ context: OpaquePointer?) -> sfsistat {
  unsafe existing(context)?.abort()
  return SMFIS_CONTINUE
}

/// C: `xxfi_close`; may be the only callback of a connection (a port probe).
func milterClose(_ context: OpaquePointer?) -> sfsistat {
  guard let context = unsafe context, let pointer = unsafe smfi_getpriv(context) else {
    return SMFIS_CONTINUE
  }
  unsafe smfi_setpriv(context, nil)
  // Ends the ownership that `adopt` handed to libmilter; nobody else releases it.
  let connection = unsafe Unmanaged<MilterConnection>.fromOpaque(pointer).takeRetainedValue()
  let key = UInt(bitPattern: context)
  milterProcess.withLock { $0.remember(connection.options, of: key) }
  connection.close()
  return SMFIS_CONTINUE
}

// MARK: - The connection of a context

/// The connection libmilter holds for the context; nil when there is none.
private func existing(_ context: OpaquePointer?) -> MilterConnection? {
  guard let context = unsafe context, let pointer = unsafe smfi_getpriv(context) else {
    return nil
  }
  // Borrowed: libmilter's pointer keeps the reference that `adopt` made.
  return unsafe Unmanaged<MilterConnection>.fromOpaque(pointer).takeUnretainedValue()
}

/// The connection of the context, made now if the peer began without negotiation.
private func connection(_ context: OpaquePointer?) -> MilterConnection? {
  if let connection = unsafe existing(context) { return connection }
  guard let context = unsafe context else { return nil }
  let key = UInt(bitPattern: context)
  let options = milterProcess.withLock { $0.recall(key) }
  return unsafe adopt(context, options ?? .none)
}

/// Makes a connection and gives libmilter the one reference to it that counts.
private func adopt(_ context: OpaquePointer?, _ options: MilterOptions) -> MilterConnection? {
  if let connection = unsafe existing(context) { return connection }
  guard let context = unsafe context,
    let makeSession = milterProcess.withLock({ $0.makeSession })
  else { return nil }
  let key = UInt(bitPattern: context)
  milterProcess.withLock { _ = $0.recall(key) }
  let connection = MilterConnection(session: makeSession(), options: options)
  // Owned by libmilter from here until `milterClose`.
  let reference = unsafe Unmanaged.passRetained(connection)
  guard unsafe smfi_setpriv(context, reference.toOpaque()) == MI_SUCCESS else {
    // libmilter did not take it, so it is released here.
    unsafe reference.release()
    return nil
  }
  return connection
}

/// C: `smfi_setsymlist`, allowed during negotiation only.
private func askForMacros(_ context: OpaquePointer?) {
  for (stage, names) in MilterOptions.macros {
    unsafe names.withCString { names in
      // libmilter takes `char *` but copies it. A stage it refuses keeps the MTA's own list.
      _ = unsafe smfi_setsymlist(context, stage, UnsafeMutablePointer(mutating: names))
    }
  }
}

// MARK: - C strings

/// Valid as long as libmilter's text: during the callback.
private func buffer(_ text: UnsafePointer<CChar>?) -> UnsafeBufferPointer<UInt8> {
  guard let text = unsafe text else { return unsafe UnsafeBufferPointer(start: nil, count: 0) }
  let start = unsafe UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
  return unsafe UnsafeBufferPointer(start: start, count: strlen(text))
}

private func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] { unsafe Array(buffer(text)) }

private func string(_ text: UnsafePointer<CChar>?) -> String {
  unsafe String(decoding: buffer(text), as: UTF8.self)
}

/// A C `argv`: pointers up to the first null one.
private func list(
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> [[UInt8]] {
  var result: [[UInt8]] = []
  guard var next = unsafe arguments else { return result }
  while let text = unsafe next.pointee {
    unsafe result.append(bytes(text))
    unsafe next += 1
  }
  return result
}
