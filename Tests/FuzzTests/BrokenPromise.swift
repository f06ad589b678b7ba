/// What an entry found: the input breaks that promise.
struct BrokenPromise: Error, CustomStringConvertible {
  var description: String
}

func hold(_ isSo: Bool, _ promise: String, line: UInt = #line) throws {
  if !isSo { throw BrokenPromise(description: "line \(line): \(promise)") }
}
