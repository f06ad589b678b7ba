import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Whatever the spool's disk or file does: mail flows, nothing is lost, and reception comes back by itself.
@Suite(.serialized) struct SpoolTrouble {
  private func voicemail(_ id: String, seconds: Int = 1) throws -> AsteriskMail {
    var mail = AsteriskMail(try VoicemailRecording.silence(seconds: seconds))
    mail.messageID = "<\(id)@pbx.example.com>"
    return mail
  }

  /// `d`: taken over; `a`: passes unchanged.
  private func offer(_ mail: AsteriskMail, to milter: RunningMilter, _ queueID: String) throws
    -> Character?
  {
    try MTA(milter).send(mail.bytes, to: ["<ann@example.com>"], queueID: queueID)
  }

  /// Offers voicemails until one is taken over, each another; whether one was.
  private func isTaken(by milter: RunningMilter, _ name: String) throws -> Bool {
    var number = 0
    return try eventually {
      number += 1
      return try offer(try voicemail("\(name)\(number)"), to: milter, "\(name)\(number)") == "d"
    }
  }

  private func eventually(_ isSo: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < end {
      if try isSo() { return true }
      usleep(20_000)
    }
    return false
  }

  private func allDelivered(_ session: Session) throws -> Bool {
    let status = try session.milter.waitForStatus { status in
      status.spool.messages.allSatisfy { $0.key == "delivered" || $0.value == 0 }
    }
    return session.mta.messages.count == status.count("delivered")
  }

  // MARK: - Limits

  @Test func `beyond max_messages voicemail passes, with one alarm, until there is room`() throws {
    // Nobody takes messages back, so they stay.
    let closed = try FakeSMTPServer()
    let target = closed.target
    closed.stop()
    let session = try Session(["spool.max_messages": "2", "delivery.target": target])
    for number in 1...2 {
      #expect(try offer(try voicemail("m\(number)"), to: session.milter, "M\(number)") == "d")
    }
    for number in 3...5 {
      #expect(try offer(try voicemail("m\(number)"), to: session.milter, "M\(number)") == "a")
    }
    #expect(session.milter.waitForLog(containing: "error: the spool is full", "max_messages is 2"))
    #expect(session.milter.logLines("error: the spool is full").count == 1)
    for number in 3...5 {
      #expect(
        session.milter.waitForLog(containing: "error: voicemail passes", "queue_id=M\(number)"))
    }
    try RunningMilter.write(
      [
        "spool.max_messages": "3", "milter.listen": session.milter.milterAddress,
        "delivery.target": target,
      ],
      to: session.milter.configuration, in: session.milter.directory)
    #expect(try session.milter.command("reload").text.contains("[spool] max_messages"))
    #expect(try offer(try voicemail("m6"), to: session.milter, "M6") == "d")
    #expect(session.milter.waitForLog(containing: "info: the spool has room again"))
  }

  @Test func `the content filter passes voicemail on while the spool has no room`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("filter.sock")
    let session = try Session([
      "spool.min_free_bytes": "1024GB", "milter.listen": "",
      "content_filter.listen": "unix:\(path)",
    ])
    let mail = try voicemail("full")
    let wire = try SMTPWire(path: path)
    _ = try wire.reply()
    try wire.say("EHLO mta.test")
    try wire.say("MAIL FROM:<asterisk@pbx.example.com>")
    try wire.say("RCPT TO:<ann@example.com>")
    try wire.say("DATA")
    try wire.write(mail.bytes)
    #expect(try wire.say(".").hasPrefix("250"))
    let passed = try #require(session.mta.messages.first)
    #expect(passed.received.recordings == [mail.recording])
    #expect(passed.received["X-Voicemail-Id"] == nil)
    #expect(session.milter.waitForLog(containing: "error: the spool is full", "min_free_bytes is"))
    #expect(try session.milter.status().spool.messages.values.reduce(0, +) == 0)
  }

  // MARK: - The disk

  /// A file system of its own for the state directory.
  private final class Disk {
    let directory: TemporaryDirectory
    let state: String

    init(bytes: Int) throws {
      directory = try TemporaryDirectory()
      state = directory.file("state")
      try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
      guard mount("tmpfs", state, "tmpfs", 0, "size=\(bytes),mode=0700") == 0 else {
        throw MilterClient.Failure(
          "mount: \(String(cString: strerror(errno))); the tests need root")
      }
    }

    func makeReadOnly() -> Bool {
      mount("tmpfs", state, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0
    }

    deinit { umount2(state, Int32(MNT_DETACH)) }
  }

  @Test func `on a full disk voicemail passes, what is kept goes out, and reception comes back`()
    throws
  {
    let disk = try Disk(bytes: 3 << 20)
    let mta = try FakeSMTPServer()
    let milter = try RunningMilter(
      ["spool.min_free_bytes": "0", "delivery.target": mta.target], in: disk.directory)
    // Small enough to be collected in memory.
    let large = try voicemail("large", seconds: 10)
    let filler = disk.state + "/filler"
    #expect(FileManager.default.createFile(atPath: filler, contents: nil))
    let file = try #require(FileHandle(forWritingAtPath: filler))
    while (try? file.write(contentsOf: Data(count: 64 << 10))) != nil {}
    #expect(try offer(large, to: milter, "L1") == "a")
    #expect(milter.waitForLog(containing: "error: the spool is full", "bytes are free"))
    try FileManager.default.removeItem(atPath: filler)
    try file.close()
    #expect(try isTaken(by: milter, "R"))
    #expect(milter.waitForLog(containing: "info: the spool has room again"))
    #expect(mta.waitForMessages(1, seconds: 30))
  }

  @Test func `what is in the spool goes out while another program has filled the disk`() throws {
    let disk = try Disk(bytes: 40 << 20)
    let mta = try FakeSMTPServer()
    let milter = try RunningMilter(
      ["spool.min_free_bytes": "0", "delivery.target": mta.target], in: disk.directory)
    #expect(try milter.command("pause", "transcription").status == 0)
    for number in 1...3 {
      let mail = try voicemail("f\(number)", seconds: 60)
      #expect(try offer(mail, to: milter, "F\(number)") == "d")
    }
    let filler = disk.state + "/filler"
    #expect(FileManager.default.createFile(atPath: filler, contents: nil))
    let file = try #require(FileHandle(forWritingAtPath: filler))
    for size in [64 << 10, 4 << 10, 1] {
      while (try? file.write(contentsOf: Data(count: size))) != nil {}
    }
    #expect(try offer(try voicemail("passes"), to: milter, "P1") == "a")
    #expect(try milter.command("resume", "transcription").status == 0)
    #expect(mta.waitForMessages(3, seconds: 60))
    let status = try milter.waitForStatus { $0.count("delivered") == 3 }
    #expect(status.count("delivered") == 3)
    // No room for the transcript: they went out as they came, and said why.
    #expect(milter.waitForLog(containing: "the original goes out", "no room"))
    for message in mta.messages { #expect(message.received.recordings.count == 1) }
    try FileManager.default.removeItem(atPath: filler)
    try file.close()
    #expect(try isTaken(by: milter, "R"), "\(milter.log.suffix(2_000))")
  }

  @Test func `a read-only disk is told in one line at the start`() throws {
    let disk = try Disk(bytes: 8 << 20)
    try #require(disk.makeReadOnly())
    let milter = try RunningMilter(in: disk.directory, waitUntilReady: false)
    #expect(milter.process.waitForExit(seconds: 30) == 1)
    #expect(milter.log.contains("Read-only file system"))
    #expect(milter.log.split(separator: "\n").count == 1)
  }

  // MARK: - Errors that the kernel reports

  /// Lets system calls of the daemon fail from now on, with all its threads; ends with the value.
  private final class Fault {
    private let strace: ChildProcess

    init(_ milter: RunningMilter, _ injection: String) throws {
      strace = try ChildProcess(
        "/usr/bin/strace",
        ["-f", "-p", "\(milter.process.pid)", "-o", "/dev/null"]
          + ["-e", "trace=\(injection.prefix { $0 != ":" })", "-e", "inject=\(injection)"])
      guard strace.waitForErrors(seconds: 20, until: { $0.contains("attached") }) else {
        throw MilterClient.Failure("strace: \(strace.errors)")
      }
    }

    func end() {
      strace.signal(SIGINT)
      _ = strace.waitForExit(seconds: 20)
    }

    deinit { end() }
  }

  @Test func `when fsync fails nobody is told of success, and the file is read anew`() throws {
    let session = try Session()
    let fault = try Fault(session.milter, "fsync,fdatasync:error=EIO:when=1..3")
    let first = try voicemail("first")
    #expect(try offer(first, to: session.milter, "E1") == "a")
    #expect(
      session.milter.waitForLog(
        containing: "error: voicemail passes unchanged", "queue_id=E1", "disk I/O error"))
    #expect(try isTaken(by: session.milter, "E2-"))
    fault.end()
    #expect(session.milter.waitForLog(containing: "warning: the spool", "opened again"))
    // The first one is the MTA's: it did not come back with the file.
    #expect(try allDelivered(session))
    let names = session.mta.messages.map { $0.received["Message-ID"] }
    #expect(!names.contains(first.messageID))
    #expect(names.count == 1)
  }

  @Test func `when fsync fails for good, mail passes until it works again`() throws {
    let session = try Session()
    let fault = try Fault(session.milter, "fsync,fdatasync:error=EIO")
    for number in 1...3 {
      #expect(try offer(try voicemail("p\(number)"), to: session.milter, "P\(number)") == "a")
    }
    fault.end()
    #expect(try isTaken(by: session.milter, "Q"))
    #expect(try allDelivered(session))
    #expect(session.mta.messages.count == 1)
  }

  @Test func `a disk that became read-only lets mail pass until it can be written again`() throws {
    let session = try Session()
    let fault = try Fault(session.milter, "pwrite64,fsync,fdatasync,ftruncate:error=EROFS")
    for number in 1...3 {
      #expect(try offer(try voicemail("r\(number)"), to: session.milter, "O\(number)") == "a")
    }
    fault.end()
    #expect(session.milter.waitForLog(containing: "error: the spool cannot be used"))
    #expect(try isTaken(by: session.milter, "S"))
    #expect(try allDelivered(session))
    #expect(session.mta.messages.count == 1)
  }

  @Test func `when writing fails for want of room, mail passes until there is some`() throws {
    let session = try Session()
    let fault = try Fault(session.milter, "pwrite64:error=ENOSPC")
    for number in 1...3 {
      #expect(try offer(try voicemail("w\(number)"), to: session.milter, "W\(number)") == "a")
    }
    fault.end()
    #expect(session.milter.waitForLog(containing: "error: the spool is full"))
    #expect(session.milter.logLines("error: the spool is full").count == 1)
    #expect(try isTaken(by: session.milter, "X"))
    #expect(try allDelivered(session))
    #expect(session.mta.messages.count == 1)
  }

  // MARK: - The file

  @Test func `a locked spool delays what is under way, and the start, and loses nothing`() throws {
    let mta = try FakeSMTPServer()
    let directory = try TemporaryDirectory()
    let settings = ["delivery.target": mta.target]
    let first = try RunningMilter(settings, in: directory)
    #expect(try offer(try voicemail("kept", seconds: 30), to: first, "K1") == "d")
    let lock = try SpoolLocker(first.stateDirectory)
    // Whichever step it is at, it cannot be recorded now.
    #expect(first.waitForLog(containing: "error: spool trouble", "database is locked"))
    first.kill()
    let second = try RunningMilter(settings, in: directory, waitUntilReady: false)
    #expect(second.waitForLog(containing: "warning: another program has the spool, waiting"))
    lock.end()
    #expect(second.waitForLog(containing: "info: ready"))
    #expect(mta.waitForMessages(1, seconds: 60))
    let status = try second.waitForStatus { $0.count("delivered") == 1 }
    #expect(status.count("delivered") == 1)
  }

  @Test
  func
    `while another program locks the spool mail passes unchanged, and afterwards all is as before`()
    throws
  {
    let session = try Session()
    let mta = try MTA(session.milter)
    let lock = try SpoolLocker(session.milter.stateDirectory)
    // What waits for the lock shares its patience. Twice: it is no longer asked at the first.
    for round in 1...2 {
      let start = ContinuousClock.now
      let replies = Mutex<[Character?]>([])
      let group = DispatchGroup()
      for number in 1...4 {
        DispatchQueue.global().async(group: group) {
          let reply = try? self.offer(
            self.voicemail("l\(round).\(number)"), to: session.milter, "L\(round)\(number)")
          replies.withLock { $0.append(reply) }
        }
      }
      group.wait()
      #expect(replies.withLock { $0 } == ["a", "a", "a", "a"])
      #expect(ContinuousClock.now - start < .seconds(10))
    }
    // Ordinary mail does not even ask the spool.
    #expect(
      try mta.send(OrdinaryMail.all[0].bytes, to: ["<ann@example.com>"], queueID: "PLAIN") == "a")
    #expect(
      session.milter.waitForLog(containing: "error: voicemail passes", "database is locked"))
    lock.end()
    #expect(try isTaken(by: session.milter, "U"))
    #expect(try allDelivered(session))
    #expect(session.mta.messages.count == 1)
    #expect(session.milter.process.isRunning)
  }

  @Test func `a worker lost while the spool is locked does not leave its message behind`() throws {
    let session = try Session()
    try session.deliver(AsteriskMail(try VoicemailRecording.long()).bytes)
    let worker = try session.milter.waitForTranscribingWorker()
    let lock = try SpoolLocker(session.milter.stateDirectory)
    kill(worker, SIGKILL)
    #expect(session.milter.waitForLog(containing: "error: worker lost"))
    #expect(session.milter.waitForLog(containing: "error: spool trouble", "database is locked"))
    lock.end()
    #expect(session.mta.waitForMessages(1, seconds: 90))
    #expect(try allDelivered(session))
  }

  @Test func `a spool removed while in use is written again, and nothing is lost`() throws {
    let mta = try FakeSMTPServer()
    let target = mta.target
    mta.stop()
    let directory = try TemporaryDirectory()
    let milter = try RunningMilter(["delivery.target": target], in: directory)
    #expect(try offer(try voicemail("before"), to: milter, "B1") == "d")
    for name in ["spool.sqlite", "spool.sqlite-wal", "spool.sqlite-shm", "spool.lock"] {
      try FileManager.default.removeItem(atPath: milter.stateDirectory + "/" + name)
    }
    #expect(try offer(try voicemail("after"), to: milter, "A1") == "d")
    #expect(milter.waitForLog(containing: "error: the spool cannot be used", "is written again"))
    milter.kill()
    let listener = try FakeSMTPServer()
    let heir = try RunningMilter(["delivery.target": listener.target], in: directory)
    #expect(heir.log.contains("error") == false)
    #expect(listener.waitForMessages(2, seconds: 60))
  }

  @Test func `a damaged spool is kept aside at the start, and the daemon serves`() throws {
    let directory = try TemporaryDirectory()
    let mta = try FakeSMTPServer()
    try FileManager.default.createDirectory(
      atPath: directory.file("state"), withIntermediateDirectories: false)
    let garbage = Data(repeating: 0x55, count: 100_000)
    try garbage.write(to: URL(fileURLWithPath: directory.file("state/spool.sqlite")))
    let milter = try RunningMilter(["delivery.target": mta.target], in: directory)
    #expect(
      milter.waitForLog(containing: "error: the spool cannot be used", "is kept as", "lost: 0"))
    #expect(try offer(try voicemail("new"), to: milter, "N1") == "d")
    #expect(mta.waitForMessages(1, seconds: 60))
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("state"))
    let aside = try #require(names.first { $0.hasPrefix("spool.sqlite.damaged-") })
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: directory.file("state/\(aside)"))) == garbage)
  }
}
