package import Voicemail

/// One key of `[engine NAME]` sections.
package struct EngineKey: Sendable {
  package var name: String
  package var kind: SettingKind
  /// Empty: none; the sentence says what happens then.
  package var standard: String
  /// Types of engine that know it; empty: all.
  package var types: [EngineConfiguration.Kind]
  /// Types that cannot be without it.
  package var requiredBy: [EngineConfiguration.Kind]
  package var sentence: String

  init(
    _ name: String, _ kind: SettingKind, _ standard: String = "",
    types: [EngineConfiguration.Kind] = [], requiredBy: [EngineConfiguration.Kind] = [],
    _ sentence: String
  ) {
    self.name = name
    self.kind = kind
    self.standard = standard
    self.types = types
    self.requiredBy = requiredBy
    self.sentence = sentence
  }

  func isKnown(to type: EngineConfiguration.Kind) -> Bool { types.isEmpty || types.contains(type) }
}

/// Every key an engine's section may have; docs/engines.md shows them, and a test compares the two.
package enum EngineKeys {
  private static let network = EngineConfiguration.Kind.allCases.filter(\.usesNetwork)
  private static let local: [EngineConfiguration.Kind] = [.command, .whisperCLI]

  package static let all: [EngineKey] = [
    .init(
      "type", .choice(EngineConfiguration.Kind.allCases.map(\.rawValue)), "",
      "What it is; empty is the section's own name."),
    .init(
      "url", .text, types: network, requiredBy: [.azure],
      "Where it is asked; empty is the service's own address, for whisper-server http://127.0.0.1:8080, for vosk ws://127.0.0.1:2700."
    ),
    .init(
      "key_file", .text, types: network, requiredBy: [.google, .amazon, .azure, .deepgram],
      "File with the key: a path, or the name of a systemd credential."),
    .init(
      "model", .text,
      types: [.openai, .google, .deepgram, .whisperCLI], requiredBy: [.whisperCLI],
      "Model to be used, for whisper-cli its file; empty is the one that docs/engines.md names."),
    .init(
      "timeout", .duration, "60s",
      "Longest time for a recording of up to a minute; each further minute gets as much again."),
    .init(
      "concurrency", .integer(0...1_000), "",
      "Requests at the same time; 0 is no limit; empty is 1 for whisper-server and programs, else no limit."
    ),
    .init(
      "minutes_per_day", .integer(0...10_000_000), "0",
      "Minutes of recordings it is asked for in a day (UTC); 0 is no limit."),
    .init(
      "minutes_per_month", .integer(0...100_000_000), "0",
      "The same in a calendar month."),
    .init(
      "messages_per_client", .integer(0...1_000_000), "0",
      "Messages of one client within an hour it is asked for; 0 is no limit."),
    .init(
      "messages_per_recipient", .integer(0...1_000_000), "0",
      "The same for one recipient."),
    .init(
      "low_confidence", .integer(0...100), "",
      "Percentage below which a transcript counts as doubtful; empty is the engine's own."),
    .init(
      "ca_file", .path, types: network,
      "Certificates of the authorities trusted for it, in PEM; empty is the system's."),
    .init("proxy", .text, types: network, "HTTP proxy to reach it; empty is none."),
    .init(
      "program", .path, types: local, requiredBy: [.command],
      "What is run, with full path; empty is /usr/local/bin/whisper-cli."),
    .init(
      "arguments", .text, types: local, "Its arguments, separated by spaces; no shell reads them."),
    .init("memory", .size((16 << 20)...(1 << 40)), "4GB", types: local, "Memory it may take."),
    .init(
      "project", .text, types: [.google],
      "Project for version 2 of the interface; empty is version 1."),
    .init(
      "location", .text, types: [.google], "Region for version 2; empty is global."),
    .init("region", .text, types: [.amazon], requiredBy: [.amazon], "Such as eu-central-1."),
    .init(
      "bucket", .text, types: [.amazon], requiredBy: [.amazon],
      "S3 bucket of that region in which recordings lie while they are transcribed."),
    .init("s3_url", .text, types: [.amazon], "Address of the bucket; empty is Amazon's own."),
    .init(
      "vocabulary_name", .text, types: [.amazon],
      "Custom vocabulary that was uploaded to Amazon; used where the language is fixed."),
  ]
}
