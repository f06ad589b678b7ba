import Foundation
import TestSupport
import Testing
import Voicemail

@testable import Operations

@Suite struct `A directory of templates` {
  private func directory(_ files: [String: [UInt8]]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for (name, bytes) in files {
      try Data(bytes).write(to: URL(fileURLWithPath: directory.file(name)))
    }
    return directory
  }

  /// The lines of complaint of settings that name it, its path put as DIR.
  private func complaints(_ files: [String: [UInt8]]) throws -> [String] {
    let directory = try directory(files)
    let path = directory.file("x").dropLast(2)
    guard case .failure(let error) = try load(Array("[message]\ntemplates = \(path)\n".utf8)) else {
      return []
    }
    return error.lines.map { $0.replacingOccurrences(of: path, with: "DIR") }
  }

  @Test func `gives those that are there`() throws {
    let directory = try directory(["text.mustache": Array("{{caller}}\n".utf8)])
    let path = directory.file("x").dropLast(2)
    let settings = try load(Array("[message]\nlanguage = de\ntemplates = \(path)\n".utf8)).get()
    #expect(settings.style.templates == TemplateSources(text: "{{caller}}\n"))
    #expect(settings.style.language == "de")
  }

  @Test func `that is wrong is told with file and line, each fault once`() throws {
    #expect(
      try complaints([
        "text.mustache": Array("a\n{{#recordings}}\n".utf8),
        "html.mustache": Array("<p>\n\n{{{caller}}}</p>".utf8),
        "subject.mustache": [0x61, 0xFF],
      ]) == [
        "[message] templates: DIR/text.mustache:2: {{#recordings}} is never closed",
        "[message] templates: DIR/html.mustache:3: {{{caller}}}: no value is HTML; write {{caller}}",
        "[message] templates: DIR/subject.mustache: is not UTF-8",
      ])
    #expect(
      try complaints(["text.mustache": Array(repeating: 0x61, count: 70_000)]) == [
        "[message] templates: DIR/text.mustache: is larger than 65536 bytes"
      ])
  }

  @Test func `without any is an error, not the built-in mail`() throws {
    let expected = [
      "[message] templates: DIR: there is none of text.mustache, html.mustache, subject.mustache"
    ]
    #expect(try complaints(["other.mustache": []]) == expected)
  }

  @Test func `and a language that we do not have is an error`() throws {
    guard case .failure(let error) = try load(Array("[message]\nlanguage = tlh\n".utf8)) else {
      Issue.record("tlh is taken")
      return
    }
    #expect(
      error.lines == [
        "FILE:2: [message] language = tlh: must be one of en, de, fr, es, it, nl, pt, pl"
      ])
  }
}
