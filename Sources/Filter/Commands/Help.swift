/// `--help`: short and true. A test compares it with the table of commands.
enum Help {
  static let text = """
    voicemail-milter: puts transcripts into voicemail mails, for Postfix and Exim

    usage: voicemail-milter COMMAND [OPTION ...]

      run                       serve the MTA until stopped; logs to standard error
      enqueue --sender ADDR [--client ADDR] RCPT...
                                hands a message on standard input to the daemon, for
                                pipe transports; exit status 0, or 75: try again
      status [--json|--watch]   what is in the spool, what the workers do
      engines [--json]          the speech engines: state, limits, what was spent
      list [--state S] [--rcpt ADDR] [--older-than AGE] [--json]
                                the messages in the spool
      show ID [--json]          one message and its story
      cat [--enhanced] ID       its bytes, as they came or as they go out
      retry ID...|--all         tries again now
      flush                     tries all deferred messages now
      hold ID...                keeps messages back
      release ID...             lets them go on
      deliver --original ID...  sends them now, without a transcript
      requeue --transcribe [--engine NAME] ID...
                                has them transcribed again
      delete [--yes] ID...      deletes them for good, after a question
      pause transcription|delivery
                                starts no new work of that kind until it is
                                resumed, over a restart too
      resume transcription|delivery
      reload                    reads the settings again; says what needs a restart
      drain [--timeout 25s]     waits for open messages, then stops the daemon
      settings [--changed|--defaults] [--explain]
                                the settings in force; those that are written, and
                                where; what may be written
      check [--live | --fix-postfix [--apply]]
            [--postfix-config DIR | --exim PROGRAM]
                                are the settings right; --live: and all around them,
                                with the command that mends what is wrong;
                                --fix-postfix prints, or runs, what makes Postfix
                                use this filter
      test-message --to ADDR [--from ADDR] [--via TARGET] [--timeout 10min]
                                sends a spoken voicemail through the MTA's front
                                door, smtp:127.0.0.1:25 unless told, and follows it
      inspect [--client ADDR] [--authenticated] [--sender ADDR] [--rcpt ADDR]...
              [--explain | --json | --learn] FILE...
                                what the filter would do with messages, and why;
                                the client is at 127.0.0.1 unless told, and has
                                not logged in; --learn proposes a rule from
                                samples of an unknown PBX
      preview [--text TEXT] [--policy NAME] FILE
                                the message as it would go out; with TEXT for a
                                transcript
      transcribe [--engine NAME] [--channels ORDER] [--json] FILE...
                                the words in recordings or messages
      --help, --version

    All take --config FILE; without it /etc/voicemail-milter/voicemail-milter.conf
    is read if it is there. Files conf.d/*.conf beside it come next, and variables
    VOICEMAIL_MILTER_SECTION_KEY last. FILE may be - for standard input. ID may be
    the beginning of an id; verbs that change a message take --reason TEXT for its
    story.

    Exit status: 0 done, 1 failed, 2 wrong usage, 3 (preview) no voicemail,
    66 no message has that id, or several, 69 the daemon is not running,
    75 (enqueue) try again, 77 not permitted.

    """

  /// What it says of one command, and of all of them.
  static func text(of command: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let own = lines.drop { !$0.hasPrefix("  \(command) ") && $0 != "  \(command)" }
    let more = own.dropFirst().prefix { $0.hasPrefix("   ") }
    let common = lines.drop { !$0.hasPrefix("All take") }
    return
      (["usage: voicemail-milter COMMAND [OPTION ...]", ""] + own.prefix(1) + more + [""]
      + common).joined(separator: "\n")
  }
}
