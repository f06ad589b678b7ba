import Testing

@Suite struct Imports {
  @Test func `the package builds`() {}
}
