-- The spool's tables. Invariants:
--  1. A row of message exists if and only if the MTA was (or is about to be) told that we have the message.
--  2. content holds the original while state is not 'delivered', and nothing afterwards.
--  3. lease_holder is null unless state is 'transcribing' or 'delivering'.
--  4. Whoever finishes a lease names lease_token; it grows with each lease, so a late holder changes nothing.
-- Times are milliseconds since 1970, UTC: waiting survives restarts.
-- auto_vacuum must be set before the first table (Connection does).

CREATE TABLE message (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN
    ('waiting', 'transcribing', 'ready', 'delivering', 'deferred', 'held', 'delivered')),
  received_ms INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,              -- not before; of waiting, ready, deferred
  form TEXT NOT NULL DEFAULT 'enhanced' CHECK (form IN ('enhanced', 'original')),
  worker_attempts INTEGER NOT NULL DEFAULT 0,
  delivery_attempts INTEGER NOT NULL DEFAULT 0,
  lease_token INTEGER NOT NULL DEFAULT 0,
  lease_holder TEXT,
  sender TEXT NOT NULL,
  sender_parameters TEXT NOT NULL,      -- JSON array
  client TEXT NOT NULL,                 -- JSON: ClientFacts
  queue_id TEXT,                        -- of the MTA, as it came in
  new_queue_id TEXT,                    -- of the MTA, as it went back
  message_id TEXT,
  voicemail TEXT NOT NULL,              -- JSON: VoicemailFacts
  result TEXT,                          -- JSON: ResultFacts, no text
  size_bytes INTEGER NOT NULL,
  delivery_ms INTEGER,
  finished_ms INTEGER,
  reason TEXT                           -- of deferred and held
) STRICT;

CREATE INDEX message_by_state ON message (state, due_ms);
CREATE INDEX message_finished ON message (finished_ms) WHERE finished_ms IS NOT NULL;

CREATE TABLE recipient (
  message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  address TEXT NOT NULL,
  parameters TEXT NOT NULL,             -- JSON array
  delivered INTEGER NOT NULL DEFAULT 0,
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
