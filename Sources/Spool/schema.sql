-- The spool's tables. Invariants:
--  1. A row of message exists if and only if the MTA was (or is about to be) told that we have the message.
--  2. content holds the original until state is 'delivered' or 'deleted', and nothing afterwards.
--  3. lease_holder is null unless state is 'transcribing' or 'delivering'.
--  4. Whoever finishes a lease names lease_token; it grows with each lease, so a late holder changes nothing.
--  5. Each change of state is one of those that message_transition lists (docs/spool.md), and has its event.
-- Times are milliseconds since 1970, UTC: waiting survives restarts.
-- auto_vacuum must be set before the first table (Connection does).
-- A change here needs a new version (Schema): an older file gets the columns that both have, else what DEFAULT says.

CREATE TABLE message (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN
    ('waiting', 'transcribing', 'ready', 'delivering', 'deferred', 'held', 'failed', 'delivered',
    'deleted')),
  -- What it is in, or waits for; of held and failed: where it was.
  stage TEXT NOT NULL DEFAULT 'transcription' CHECK (CASE state
    WHEN 'waiting' THEN stage = 'transcription'
    WHEN 'transcribing' THEN stage = 'transcription'
    WHEN 'ready' THEN stage = 'delivery'
    WHEN 'delivering' THEN stage = 'delivery'
    ELSE stage IN ('transcription', 'delivery') END),
  received_ms INTEGER NOT NULL,
  deadline_from_ms INTEGER,             -- of the transcription deadline, where it is not received_ms
  allowed_ms INTEGER NOT NULL DEFAULT 300000,  -- from then to the deadline; of version 1: five minutes
  due_ms INTEGER NOT NULL,              -- not before; of waiting, ready, deferred
  -- What goes out; 'reply' once the message itself is in the mailbox.
  form TEXT NOT NULL DEFAULT 'enhanced' CHECK (form IN ('enhanced', 'original', 'reply')),
  -- Whether a reply follows when the message has gone out: always, or if its transcript was late.
  reply TEXT NOT NULL DEFAULT 'never' CHECK (reply IN ('never', 'late', 'always')),
  worker_attempts INTEGER NOT NULL DEFAULT 0,
  engine TEXT,                          -- the only one to be asked, by an administrator's wish
  delivery_attempts INTEGER NOT NULL DEFAULT 0,
  lease_token INTEGER NOT NULL DEFAULT 0,
  lease_holder TEXT CHECK (lease_holder IS NULL OR state IN ('transcribing', 'delivering')),
  sender TEXT NOT NULL,
  sender_parameters TEXT NOT NULL,      -- JSON array
  client TEXT NOT NULL,                 -- JSON: ClientFacts
  queue_id TEXT,                        -- of the MTA, as it came in
  new_queue_id TEXT,                    -- of the MTA, as it went back
  message_id TEXT,
  voicemail TEXT NOT NULL,              -- JSON: VoicemailFacts
  policy TEXT,                          -- JSON: Policy; null: the one that is built in
  result TEXT,                          -- JSON: ResultFacts, no text
  caller BLOB,                          -- keyed hash of caller and mailbox, where they are counted
  size_bytes INTEGER NOT NULL,
  delivery_ms INTEGER,
  finished_ms INTEGER,
  reason TEXT,                          -- of deferred, held and failed
  held_by TEXT                          -- of held: who asked for it; null: the filter itself
) STRICT;

-- Every index serves one question, whose answer takes no longer with more messages.
CREATE INDEX message_by_state ON message (state, received_ms);
CREATE INDEX message_due ON message (stage, due_ms) WHERE state IN ('waiting', 'ready', 'deferred');
CREATE INDEX message_untranscribed ON message (coalesce(deadline_from_ms, received_ms) + allowed_ms)
  WHERE stage = 'transcription' AND state IN ('waiting', 'deferred');
CREATE INDEX message_open ON message (id) WHERE state NOT IN ('delivered', 'deleted');
CREATE INDEX message_by_caller ON message (caller, received_ms) WHERE caller IS NOT NULL;
CREATE INDEX message_finished ON message (finished_ms) WHERE finished_ms IS NOT NULL;

CREATE TRIGGER message_transition BEFORE UPDATE OF state ON message
WHEN old.state <> new.state AND old.state || ' ' || new.state NOT IN (
  'waiting transcribing', 'waiting ready', 'waiting held', 'waiting delivered',
  'transcribing ready', 'transcribing deferred', 'transcribing waiting', 'transcribing held',
  'transcribing failed', 'transcribing delivered',
  'ready delivering', 'ready waiting', 'ready held',
  'delivering delivered', 'delivering deferred', 'delivering ready', 'delivering held',
  'delivering failed', 'delivering waiting',
  'deferred transcribing', 'deferred delivering', 'deferred waiting', 'deferred ready',
  'deferred held', 'deferred delivered',
  'held waiting', 'held ready',
  'failed waiting', 'failed ready',
  'waiting deleted', 'transcribing deleted', 'ready deleted', 'deferred deleted', 'held deleted',
  'failed deleted')
BEGIN
  SELECT raise(ABORT, 'the message is in no state for this');
END;

-- How many messages each state has: counting rows would take longer the more there are.
CREATE TABLE tally (
  state TEXT PRIMARY KEY,
  messages INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
  INSERT INTO tally (state, messages) VALUES (new.state, 1)
    ON CONFLICT (state) DO UPDATE SET messages = messages + 1;
END;

CREATE TRIGGER message_moved AFTER UPDATE OF state ON message WHEN old.state <> new.state BEGIN
  UPDATE tally SET messages = messages - 1 WHERE state = old.state;
  INSERT INTO tally (state, messages) VALUES (new.state, 1)
    ON CONFLICT (state) DO UPDATE SET messages = messages + 1;
END;

CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
  UPDATE tally SET messages = messages - 1 WHERE state = old.state;
END;

-- Deliveries, per minute since 1970: the statistics of a day are 1,440 rows at most.
CREATE TABLE delivered_in_minute (
  minute INTEGER PRIMARY KEY,
  messages INTEGER NOT NULL,
  without_transcript INTEGER NOT NULL,
  longest_ms INTEGER NOT NULL           -- from reception
) STRICT;

CREATE TRIGGER message_delivered AFTER UPDATE OF state ON message
WHEN new.state = 'delivered' AND old.state <> 'delivered' BEGIN
  INSERT INTO delivered_in_minute (minute, messages, without_transcript, longest_ms)
    VALUES (new.finished_ms / 60000, 1,
      new.form = 'original' OR CASE
        WHEN json_valid(new.result) THEN coalesce(json_extract(new.result, '$.status') = 'failed', 0)
        ELSE 0 END,
      new.finished_ms - new.received_ms)
    ON CONFLICT (minute) DO UPDATE SET messages = messages + 1,
      without_transcript = without_transcript + excluded.without_transcript,
      longest_ms = max(longest_ms, excluded.longest_ms);
END;

-- What engines were asked for: lengths of recordings, by days since 1970 (UTC).
CREATE TABLE engine_spend (
  engine TEXT NOT NULL,
  day INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL,
  PRIMARY KEY (engine, day)
) STRICT, WITHOUT ROWID;

-- Stages that the administrator has paused.
CREATE TABLE pause (
  stage TEXT PRIMARY KEY CHECK (stage IN ('transcription', 'delivery')),
  since_ms INTEGER NOT NULL,
  who TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recipient (
  message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  address TEXT NOT NULL,
  parameters TEXT NOT NULL,             -- JSON array
  delivered INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,   -- for good: not asked again until an administrator says so
  reply TEXT,                           -- of the MTA, the last one
  PRIMARY KEY (message_id, position)
) STRICT, WITHOUT ROWID;

-- Apart from message, so that no list touches a recording.
CREATE TABLE content (
  message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  form TEXT NOT NULL,
  chunk INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (message_id, form, chunk)
) STRICT;

CREATE TABLE event (
  message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  what TEXT NOT NULL
) STRICT;

CREATE INDEX event_by_message ON event (message_id);

-- Voicemails of the last 14 days, by keyed hash: one that comes again is not taken over again.
CREATE TABLE seen (
  fingerprint BLOB PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_by_time ON seen (at_ms);
