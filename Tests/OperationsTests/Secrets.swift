import Foundation
import TestSupport
import Testing

@testable import Operations

@Suite struct Secrets {
  @Test func `a secret is made once, for its owner only`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("secret")
    let first = try secret(at: path)
    #expect(first.count == 32)
    #expect(Set(first).count > 8)
    #expect(try secret(at: path) == first)
    #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == first)
    let facts = try FileManager.default.attributesOfItem(atPath: path)
    #expect(facts[.posixPermissions] as? Int == 0o600)
    #expect(try secret(at: directory.file("other")) != first)
  }

  @Test(arguments: [0, 1, 31])
  func `a secret cut short is refused, not used and not replaced`(size: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("secret")
    let short = Data(repeating: 7, count: size)
    try short.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: FileError.self) { try secret(at: path) }
    #expect(error?.sentence == "\(path): holds \(size) bytes, a secret has 32; remove it")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == short)
  }

  @Test func `no directory, a directory in its place, a file beyond all measure`() throws {
    let directory = try TemporaryDirectory()
    let missing = directory.file("none/secret")
    let lost = #expect(throws: FileError.self) { try secret(at: missing) }
    #expect(lost?.sentence == "\(missing): No such file or directory")
    #expect(lost?.code == ENOENT)
    let folder = #expect(throws: FileError.self) { try secret(at: directory.path) }
    #expect(folder?.sentence == "\(directory.path): Is a directory")
    let large = directory.file("large")
    try Data(count: 100_000).write(to: URL(fileURLWithPath: large))
    let error = #expect(throws: FileError.self) { try secret(at: large) }
    #expect(error?.sentence == "\(large): is larger than 4096 bytes")
  }

  @Test func `a file is read whole up to its limit and not beyond`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("data")
    let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try Data(content).write(to: URL(fileURLWithPath: path))
    #expect(try readFile(path, limitBytes: 200_000) == content)
    let error = #expect(throws: FileError.self) { try readFile(path, limitBytes: 199_999) }
    #expect(error?.sentence == "\(path): is larger than 199999 bytes")
    #expect(throws: FileError.self) { try readFile("/dev/zero", limitBytes: 1_000_000) }
  }
}
