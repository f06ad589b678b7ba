import Foundation
import Testing

@testable import Operations

@Suite struct Reloading {
  /// A value of each key that is not its default.
  private static let others: KeyValuePairs<String, String> = [
    "daemon.state_directory": "/tmp/x", "daemon.hostname": "other.example", "daemon.workers": "9",
    "milter.listen": "inet:1", "milter.socket_mode": "0600", "milter.socket_group": "mail",
    "milter.on_voicemail": "mark", "milter.max_message_bytes": "1MB",
    "milter.max_concurrent_bodies": "7",
    "content_filter.listen": "inet:2", "content_filter.socket_mode": "0600",
    "content_filter.socket_group": "mail", "spool.min_free_bytes": "1GB",
    "spool.max_spool_bytes": "1GB",
    "spool.max_messages": "7", "spool.history_days": "0", "recognition.sources": "192.0.2.1",
    "recognition.own_domains": "example.com", "recognition.country": "DE",
    "transcription.deadline": "1s",
    "transcription.max_audio": "1min", "transcription.engines": "whisper-server",
    "transcription.language": "de", "transcription.vocabulary": "/v",
    "transcription.acoustic_model": "/a",
    "transcription.language_model": "/l", "transcription.dictionary": "/d",
    "message.language": "de",
    "message.templates": URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/templates").path,
    "delivery.target": "unix:/x", "delivery.fallback_target": "unix:/y",
    "delivery.connections": "9", "delivery.lifetime": "1d", "delivery.connect_timeout": "1s",
    "delivery.helo_timeout": "1s", "delivery.mail_timeout": "1s", "delivery.rcpt_timeout": "1s",
    "delivery.data_init_timeout": "1s", "delivery.data_xfer_timeout": "1s",
    "delivery.data_done_timeout": "1s", "alarms.alert_to": "root",
    "alarms.alert_from": "x@example.com", "log.level": "debug", "log.target": "syslog",
    "log.format": "json", "log.log_addresses": "yes", "status.listen": "",
  ]

  @Test func `each key is changed at once or said to need a restart, and no other with it`() throws
  {
    #expect(
      others.map(\.key) == SettingsTable.keys.map { "\($0.section).\($0.name)" })
    let standard = try Settings(.none)
    for (key, value) in others {
      let words = key.split(separator: ".")
      let fresh = try load(Array("[\(words[0])]\n\(words[1]) = \(value)\n".utf8)).get()
      #expect(fresh != standard, "\(key)")
      let reload = standard.reload(fresh)
      #expect(reload.changed + reload.needRestart == ["[\(words[0])] \(words[1])"])
      #expect(reload.settings == (reload.changed.isEmpty ? standard : fresh), "\(key)")
    }
  }

  private var others: KeyValuePairs<String, String> { Self.others }

  @Test func `the same settings change nothing`() throws {
    let standard = try Settings(.none)
    #expect(standard.reload(standard) == .init(settings: standard))
  }
}
