import Foundation
import Spool
import TestSupport
import Testing
import Voicemail

/// A voicemail that comes again within 14 days is not taken over again.
@Suite struct Remembering {
  private static let day: Int64 = 86_400_000

  @Test func `a fingerprint is taken once in 14 days, and nothing of the second is kept`() throws {
    let directory = try TemporaryDirectory()
    let store = try JobStore(directory: directory.path)
    var job = NewJob.sample("first")
    job.fingerprint = [1, 2, 3]
    #expect(try store.accept(job))
    job.id = "second"
    job.receivedMS += 14 * Self.day
    #expect(try !store.accept(job))
    #expect(try store.details("second") == nil)
    job.fingerprint = [1, 2, 4]
    #expect(try store.accept(job))
    job.id = "third"
    job.receivedMS += 1
    job.fingerprint = [1, 2, 3]
    #expect(try store.accept(job))
  }

  @Test func `without a fingerprint nothing is compared`() throws {
    let directory = try TemporaryDirectory()
    let store = try JobStore(directory: directory.path)
    #expect(try store.accept(.sample("first")))
    #expect(try store.accept(.sample("second")))
  }

  @Test func `a message that could not be stored is not remembered`() throws {
    let directory = try TemporaryDirectory()
    let store = try JobStore(directory: directory.path)
    try store.accept(.sample("taken"))
    var job = NewJob.sample("taken")
    job.fingerprint = [7]
    #expect(throws: SpoolError.self) { try store.accept(job) }
    job.id = "free"
    #expect(try store.accept(job))
  }
}
