import CGMime

/// Walks GMime's objects into `MIMENode` values and remembers which object each came from.
///
/// The pointers are borrowed from the message and live as long as it does.
@safe struct MIMETree {
  private(set) var nodes: [MIMENode] = []
  private(set) var leaves: [Int] = []
  private var objects: [UnsafeMutablePointer<GMimeObject>] = unsafe []

  @unsafe private struct Visit {
    var object: UnsafeMutablePointer<GMimeObject>
    var parent: Int?
    var isNested: Bool
    /// The message whose root this is: it holds the fields other than Content-*.
    var owner: UnsafeMutablePointer<GMimeMessage>?
  }

  init(_ message: UnsafeMutablePointer<GMimeMessage>?) {
    guard let message = unsafe message, let root = unsafe g_mime_message_get_mime_part(message)
    else { return }
    var stack = unsafe [Visit(object: root, parent: nil, isNested: false, owner: message)]
    while let visit = unsafe stack.popLast() {
      let index = nodes.count
      var node = unsafe MIMENode(
        kind: .leaf, parent: visit.parent, isNested: visit.isNested,
        headers: Self.headers(visit.owner, visit.object))
      unsafe Self.describe(visit.object, in: &node)
      if let parent = unsafe visit.parent { nodes[parent].children.append(index) }
      unsafe objects.append(visit.object)

      if let multipart = unsafe Self.cast(
        visit.object, to: GMimeMultipart.self, if: g_mime_multipart_get_type())
      {
        node.kind = .multipart
        let count = unsafe g_mime_multipart_get_count(multipart)
        // Pushed last to first, so that the first child is the next one visited.
        for position in stride(from: count - 1, through: 0, by: -1) {
          guard let child = unsafe g_mime_multipart_get_part(multipart, position) else { continue }
          unsafe stack.append(
            Visit(object: child, parent: index, isNested: visit.isNested, owner: nil))
        }
      } else if let attached = unsafe Self.cast(
        visit.object, to: GMimeMessagePart.self, if: g_mime_message_part_get_type())
      {
        node.kind = .message
        if let inner = unsafe g_mime_message_part_get_message(attached),
          let root = unsafe g_mime_message_get_mime_part(inner)
        {
          unsafe stack.append(Visit(object: root, parent: index, isNested: true, owner: inner))
        }
      } else {
        node.leafIndex = leaves.count
        leaves.append(index)
        node.content = unsafe Self.contentRange(visit.object)
      }
      nodes.append(node)
    }
  }

  /// The GMime part of a leaf; nil for other kinds.
  func part(_ index: Int) -> UnsafeMutablePointer<GMimePart>? {
    guard nodes.indices.contains(index) else { return nil }
    return unsafe Self.cast(objects[index], to: GMimePart.self, if: g_mime_part_get_type())
  }

  func surroundings(_ index: Int) -> (prologue: [UInt8], epilogue: [UInt8]) {
    guard nodes.indices.contains(index),
      let multipart = unsafe Self.cast(
        objects[index], to: GMimeMultipart.self, if: g_mime_multipart_get_type())
    else { return ([], []) }
    return unsafe (
      bytes(g_mime_multipart_get_prologue(multipart)),
      bytes(g_mime_multipart_get_epilogue(multipart))
    )
  }

  // C: the GMIME_PART(), GMIME_MULTIPART()... macros, with their check.
  private static func cast<Target>(
    _ object: UnsafeMutablePointer<GMimeObject>, to: Target.Type, if type: GType
  ) -> UnsafeMutablePointer<Target>? {
    let raw = UnsafeMutableRawPointer(object)
    let instance = unsafe raw.assumingMemoryBound(to: GTypeInstance.self)
    guard unsafe g_type_check_instance_is_a(instance, type) != 0 else { return nil }
    return unsafe raw.assumingMemoryBound(to: Target.self)
  }

  // GMime files a message's Content-* fields with its root entity and the others with the message;
  // the offsets put them back in order.
  private static func headers(
    _ message: UnsafeMutablePointer<GMimeMessage>?, _ object: UnsafeMutablePointer<GMimeObject>
  ) -> [MIMENode.RawHeader] {
    var found = unsafe headers(g_mime_object_get_header_list(object))
    if let message = unsafe message {
      let raw = UnsafeMutableRawPointer(message)
      found += unsafe headers(
        g_mime_object_get_header_list(raw.assumingMemoryBound(to: GMimeObject.self)))
    }
    return found.sorted { $0.offset < $1.offset }
  }

  private static func headers(_ list: UnsafeMutablePointer<GMimeHeaderList>?)
    -> [MIMENode.RawHeader]
  {
    (0..<max(0, unsafe g_mime_header_list_get_count(list))).compactMap { position in
      guard let header = unsafe g_mime_header_list_get_header_at(list, position),
        let name = unsafe string(g_mime_header_get_name(header))
      else { return nil }
      let offset = unsafe g_mime_header_get_offset(header)
      return unsafe MIMENode.RawHeader(
        name: name, value: bytes(g_mime_header_get_raw_value(header)), offset: Int(offset))
    }
  }

  private static func describe(
    _ object: UnsafeMutablePointer<GMimeObject>, in node: inout MIMENode
  ) {
    if let type = unsafe g_mime_object_get_content_type(object) {
      node.contentType = unsafe ContentTypeText.name(type) ?? "text/plain"
      node.charset = unsafe string(g_mime_content_type_get_parameter(type, "charset"))
      node.boundary = unsafe string(g_mime_content_type_get_parameter(type, "boundary"))
      node.filename = unsafe string(g_mime_content_type_get_parameter(type, "name"))
    }
    let declared = node.headers.lazy.filter { $0.name.lowercased() == "content-type" }
    if declared.count > 1 {
      node.contentType = ContentTypeText.mostSpecific(declared.map(\.value)) ?? node.contentType
    }
    guard let disposition = unsafe g_mime_object_get_content_disposition(object) else { return }
    node.disposition = unsafe string(g_mime_content_disposition_get_disposition(disposition))?
      .lowercased()
    let parameters = unsafe g_mime_content_disposition_get_parameters(disposition)
    for position in 0..<max(0, unsafe g_mime_param_list_length(parameters)) {
      guard let parameter = unsafe g_mime_param_list_get_parameter_at(parameters, position),
        let name = unsafe string(g_mime_param_get_name(parameter))?.lowercased(),
        let value = unsafe string(g_mime_param_get_value(parameter)),
        node.dispositionParameters[name] == nil
      else { continue }
      node.dispositionParameters[name] = value
    }
    node.filename = node.dispositionParameters["filename"] ?? node.filename
  }

  // The bounds of a part's content are those of the substream GMime made for it.
  private static func contentRange(_ object: UnsafeMutablePointer<GMimeObject>) -> Range<Int>? {
    guard let part = unsafe cast(object, to: GMimePart.self, if: g_mime_part_get_type()),
      let content = unsafe g_mime_part_get_content(part),
      let stream = unsafe g_mime_data_wrapper_get_stream(content)
    else { return nil }
    let (start, end) = unsafe (Int(stream.pointee.bound_start), Int(stream.pointee.bound_end))
    return start >= 0 && end >= start ? start..<end : nil
  }
}
