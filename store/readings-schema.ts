import type { Migrations } from "../core/runtime/sqlite.ts";

/** readings.db: everything derived from the journal, and how far the journal has been read. One transaction changes all of it. */
export const readingsMigrations: Migrations = [
  `CREATE TABLE progress (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     cursor INTEGER NOT NULL,       -- last journal seq processed
     fed INTEGER NOT NULL           -- last journal seq whose readings were put into the outbox: behind while InfluxDB is switched off
   ) STRICT;
   INSERT INTO progress VALUES (1, 0, 0);

   CREATE TABLE codec (id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, UNIQUE (name, sha256)) STRICT;

   CREATE TABLE series (
     id INTEGER PRIMARY KEY,
     device TEXT NOT NULL,
     quantity TEXT NOT NULL,
     depth_cm REAL NOT NULL,        -- -1 = no depth (NULLs would not be unique)
     UNIQUE (device, quantity, depth_cm)
   ) STRICT;

   CREATE TABLE reading (
     series INTEGER NOT NULL REFERENCES series(id),
     time_ms INTEGER NOT NULL,      -- event time
     value REAL,                    -- NULL only with flag 9
     flag INTEGER NOT NULL,
     reasons TEXT NOT NULL,         -- comma-separated, '' = none
     plot TEXT,                     -- frozen when first stored
     received_ms INTEGER NOT NULL,
     time_source TEXT NOT NULL,
     codec INTEGER NOT NULL REFERENCES codec(id),
     f_cnt INTEGER NOT NULL,        -- with payload_hash: which of two uplinks at one time wins (the greater)
     payload_hash TEXT NOT NULL,
     uplink_seq INTEGER NOT NULL,
     PRIMARY KEY (series, time_ms)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE uplink_result (     -- every journaled uplink can be accounted for
     seq INTEGER PRIMARY KEY,       -- journal seq
     source TEXT NOT NULL,
     outcome TEXT NOT NULL,         -- stored | duplicate | rejected | quarantined
     reason TEXT NOT NULL,          -- '' for stored
     device TEXT,                   -- our id, else the devEui as it came
     received_ms INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX uplink_result_outcome ON uplink_result(outcome, seq);

   CREATE TABLE ledger (source TEXT NOT NULL, outcome TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (source, outcome)) STRICT, WITHOUT ROWID;

   CREATE TABLE session (           -- our own numbers per device (fCnt resets and joins)
     dev_eui TEXT NOT NULL,
     number INTEGER NOT NULL,       -- from 1
     session_key TEXT,              -- devAddr or session_key_id; NULL = not known
     start_ms INTEGER NOT NULL,     -- event time of the join, else of the earliest frame
     joined INTEGER NOT NULL,       -- 1 = began with a join
     last_f_cnt INTEGER NOT NULL,   -- of the frame latest in event time; -1 = none yet
     last_time_ms INTEGER NOT NULL,
     PRIMARY KEY (dev_eui, number)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE frame (             -- duplicate keys of each session
     dev_eui TEXT NOT NULL,         -- or 'mqtt:' and our device id
     f_cnt INTEGER NOT NULL,
     f_port INTEGER NOT NULL,       -- -1 = none
     payload_hash TEXT NOT NULL,
     time_ms INTEGER NOT NULL,
     session INTEGER NOT NULL,
     received_ms INTEGER NOT NULL,
     PRIMARY KEY (dev_eui, f_cnt, f_port, payload_hash, time_ms, session)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX frame_received ON frame(received_ms);

   CREATE TABLE gateway_state (gateway TEXT PRIMARY KEY, online INTEGER, last_seen_ms INTEGER, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;

   CREATE TABLE outbox (            -- readings still to be sent to InfluxDB, in commit order
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     series INTEGER NOT NULL,
     time_ms INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE influx_progress (id INTEGER PRIMARY KEY CHECK (id = 1), sent INTEGER NOT NULL, refused INTEGER NOT NULL, last_error TEXT) STRICT;
   INSERT INTO influx_progress VALUES (1, 0, 0, NULL);
   CREATE TABLE influx_refused (    -- lines that InfluxDB will never take, kept with the reason
     seq INTEGER PRIMARY KEY, series INTEGER NOT NULL, time_ms INTEGER NOT NULL, reason TEXT NOT NULL
   ) STRICT;`,
];
