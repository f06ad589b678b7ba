/// Ends the program where a promise is broken. Says so, which `precondition` does not in optimised code.
func hold(
  _ isSo: @autoclosure () -> Bool, _ promise: String = "a broken promise",
  file: StaticString = #file, line: UInt = #line
) {
  if !isSo() { fatalError(promise, file: file, line: line) }
}
