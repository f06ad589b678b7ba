import Foundation
import TestSupport
import Testing
import Voicemail

@testable import Spool

/// What goes out is whole: the enhanced form, or else the original.
@Suite struct Forms {
  @Test(arguments: [
    "DELETE FROM content WHERE form = 'enhanced' AND chunk = 1",
    "DELETE FROM content WHERE form = 'enhanced' AND chunk = 0",
    "DELETE FROM content WHERE form = 'enhanced'",
    "UPDATE content SET bytes = x'00' WHERE form = 'enhanced' AND chunk = 0",
  ])
  func `an enhanced form that is not whole is not sent, its original is`(harm: String) throws {
    let spool = try TestSpool()
    let original = noise(300_000)
    // Whole chunks alone: nothing of the last one's length tells that there are more.
    try spool.ready(.sample(content: original), enhanced: noise(2 * JobStore.chunkBytes, seed: 2))
    #expect(try spool.number("SELECT count(*) FROM content WHERE form = 'enhanced'") == 3)
    try spool.run(harm)
    let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000))
    #expect(job.form == .original && job.content == original)
    #expect(
      try spool.events("job1").suffix(2) == [
        "its enhanced form cannot be read whole any more; the original goes out",
        "delivery, attempt 1: d",
      ])
    #expect(try spool.store.details("job1")?.form == .original)
  }

  @Test(arguments: [0, 1, JobStore.chunkBytes - 1, JobStore.chunkBytes, 2 * JobStore.chunkBytes])
  func `whatever its size, an enhanced form is sent as it was made`(size: Int) throws {
    let spool = try TestSpool()
    try spool.ready(.sample(), enhanced: noise(size))
    let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000))
    #expect(job.form == .enhanced && job.content == noise(size))
  }

  @Test func `of a message whose enhanced form alone is damaged the original goes out`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("spool.sqlite")
    let (original, enhanced) = (noise(200_000), noise(200_000, seed: 2))
    do {
      let store = try JobStore(directory: directory.path)
      try store.accept(.sample(content: original))
      let job = try unwrap(try store.leaseForTranscription(holder: "w", nowMS: 2_000))
      try store.finishTranscription(job.lease, result: .sample, outgoing: enhanced, nowMS: 2_000)
    }
    // Where the page behind is, stands in a page's first four bytes.
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let place = try #require(bytes.range(of: Data(enhanced[100_000..<100_064]))?.lowerBound)
    let page = place / 4_096 * 4_096
    bytes.replaceSubrange(page..<page + 4, with: [0xff, 0xff, 0xff, 0xff])
    try bytes.write(to: URL(fileURLWithPath: path))
    let store = try JobStore(directory: directory.path)
    #expect(throws: SpoolError.self) { try store.leaseForDelivery(holder: "d", nowMS: 3_000) }
    let job = try unwrap(try store.leaseForDelivery(holder: "d", nowMS: 3_000))
    #expect(job.form == .original && job.content == original)
    #expect(
      try store.details("job1")?.events.map(\.what).contains(
        "its enhanced form cannot be read whole any more; the original goes out") == true)
  }
}
