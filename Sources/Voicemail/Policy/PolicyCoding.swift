extension Policy {
  /// Of a message that an older program has put into the spool: what that one did not know stays at its default.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(name: try values.decode(String.self, forKey: .name))
    func value<Value: Decodable>(_ key: CodingKeys, or standard: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? standard
    }
    mode = try value(.mode, or: mode)
    subject = try value(.subject, or: subject)
    contentInSubject = try value(.contentInSubject, or: contentInSubject)
    engines = try values.decodeIfPresent([String].self, forKey: .engines)
    language = try values.decodeIfPresent(String.self, forKey: .language)
    template = try values.decodeIfPresent(String.self, forKey: .template)
    vocabulary = try values.decodeIfPresent(String.self, forKey: .vocabulary)
    country = try values.decodeIfPresent(String.self, forKey: .country)
    threading = try value(.threading, or: threading)
    countCalls = try value(.countCalls, or: countCalls)
    deadlineMS = try values.decodeIfPresent(Int64.self, forKey: .deadlineMS)
    lateReply = try value(.lateReply, or: lateReply)
    channels = try value(.channels, or: channels)
    takesPrivate = try value(.takesPrivate, or: takesPrivate)
    dialsExtensions = try value(.dialsExtensions, or: dialsExtensions)
  }
}
