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
  `CREATE TABLE reading_origin (    -- what many readings have in common
     id INTEGER PRIMARY KEY,
     plot TEXT NOT NULL,            -- '' = none; frozen when the reading was first stored
     codec INTEGER NOT NULL REFERENCES codec(id),
     time_source TEXT NOT NULL,
     reasons TEXT NOT NULL,         -- comma-separated, '' = none
     UNIQUE (codec, plot, reasons, time_source)
   ) STRICT;
   INSERT INTO reading_origin (plot, codec, time_source, reasons) SELECT DISTINCT coalesce(plot, ''), codec, time_source, reasons FROM reading;
   ALTER TABLE reading RENAME TO reading_v1;
   CREATE TABLE reading (           -- every byte counts: there are millions
     series INTEGER NOT NULL REFERENCES series(id),
     time_ms INTEGER NOT NULL,      -- event time
     value REAL,                    -- NULL only with flag 9
     flag INTEGER NOT NULL,
     origin INTEGER NOT NULL REFERENCES reading_origin(id),
     lag_ms INTEGER NOT NULL,       -- received - event time
     f_cnt INTEGER NOT NULL,        -- with hash: which of two uplinks at one time wins (the greater)
     hash INTEGER NOT NULL,         -- first 28 bits of the payload's
     uplink_seq INTEGER NOT NULL,   -- journal number
     PRIMARY KEY (series, time_ms)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO reading SELECT r.series, r.time_ms, r.value, r.flag, o.id, r.received_ms - r.time_ms, r.f_cnt,
       CASE length(r.payload_hash) WHEN 0 THEN 0 ELSE
         ((instr('0123456789abcdef', substr(r.payload_hash, 1, 1)) - 1) << 24) + ((instr('0123456789abcdef', substr(r.payload_hash, 2, 1)) - 1) << 20) +
         ((instr('0123456789abcdef', substr(r.payload_hash, 3, 1)) - 1) << 16) + ((instr('0123456789abcdef', substr(r.payload_hash, 4, 1)) - 1) << 12) +
         ((instr('0123456789abcdef', substr(r.payload_hash, 5, 1)) - 1) << 8) + ((instr('0123456789abcdef', substr(r.payload_hash, 6, 1)) - 1) << 4) +
         (instr('0123456789abcdef', substr(r.payload_hash, 7, 1)) - 1) END,
       r.uplink_seq
     FROM reading_v1 r JOIN reading_origin o ON o.codec = r.codec AND o.plot = coalesce(r.plot, '') AND o.reasons = r.reasons AND o.time_source = r.time_source
     ORDER BY r.series, r.time_ms;
   DROP TABLE reading_v1;

   CREATE TABLE rollup_hour (       -- of the readings with flags 1, 2 and 3; made again from them in time order, never added to
     series INTEGER NOT NULL,
     hour INTEGER NOT NULL,         -- Unix hours
     n INTEGER NOT NULL,
     sum REAL NOT NULL,
     min REAL NOT NULL,
     max REAL NOT NULL,
     PRIMARY KEY (series, hour)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE rollup_day (
     series INTEGER NOT NULL,
     day INTEGER NOT NULL,          -- days since 1970-01-01 of the site's calendar
     n INTEGER NOT NULL,
     sum REAL NOT NULL,
     min REAL NOT NULL,
     max REAL NOT NULL,
     PRIMARY KEY (series, day)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE rollup_dirty (      -- hours whose readings changed since: until they are made again, the readings themselves are asked
     series INTEGER NOT NULL,
     hour INTEGER NOT NULL,
     PRIMARY KEY (series, hour)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO rollup_dirty SELECT DISTINCT series, CAST(floor(time_ms / 3600000.0) AS INTEGER) FROM reading;
   CREATE TABLE rollup_zone (       -- the clock of rollup_day
     id INTEGER PRIMARY KEY CHECK (id = 1),
     offsets TEXT NOT NULL,         -- the zone's offsets over the years: other ones, and the days are made again
     fixed_ms INTEGER               -- the one offset, east positive; NULL = it changes in the year
   ) STRICT;

   CREATE TABLE series_origin (     -- which series ever had a reading of an origin, so that a plot's are found without reading all; may hold more
     origin INTEGER NOT NULL,
     series INTEGER NOT NULL,
     PRIMARY KEY (origin, series)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO series_origin SELECT DISTINCT origin, series FROM reading;
   CREATE TRIGGER reading_origin_given AFTER INSERT ON reading
     WHEN NOT EXISTS (SELECT 1 FROM series_origin WHERE origin = NEW.origin AND series = NEW.series)
     BEGIN INSERT INTO series_origin VALUES (NEW.origin, NEW.series); END;
   CREATE TRIGGER reading_origin_changed AFTER UPDATE OF origin ON reading
     WHEN NOT EXISTS (SELECT 1 FROM series_origin WHERE origin = NEW.origin AND series = NEW.series)
     BEGIN INSERT INTO series_origin VALUES (NEW.origin, NEW.series); END;

   ALTER TABLE uplink_result ADD COLUMN time_ms INTEGER;  -- event time of the message, else that of its receipt
   ALTER TABLE uplink_result ADD COLUMN first_ms INTEGER; -- earliest and latest time of the readings that it gave
   ALTER TABLE uplink_result ADD COLUMN last_ms INTEGER;
   UPDATE uplink_result SET time_ms = received_ms;
   CREATE INDEX uplink_result_device ON uplink_result(device, time_ms);
   CREATE INDEX uplink_result_unknown ON uplink_result(device, seq) WHERE outcome = 'rejected' AND reason = 'unknown-device'; -- who is in no catalog

   ALTER TABLE frame ADD COLUMN uplink_seq INTEGER NOT NULL DEFAULT 0;     -- of the copy whose time it has
   ALTER TABLE frame ADD COLUMN receptions TEXT NOT NULL DEFAULT '[]';    -- JSON [[gateway, rssi dBm, snr dB], …] of all copies
   ALTER TABLE frame ADD COLUMN time_source TEXT NOT NULL DEFAULT 'network'; -- of time_ms; '+clock' behind it: a substitute

   ALTER TABLE outbox ADD COLUMN gone_plot TEXT;          -- NULL = the reading as it stands; else it was taken back, and its point had this plot

   CREATE TABLE device_heard (      -- when a device last spoke, and through whom
     device TEXT NOT NULL,          -- our id
     gateway TEXT NOT NULL,         -- '' = any way
     source TEXT NOT NULL,          -- of the message received last
     time_ms INTEGER NOT NULL,      -- greatest event time
     received_ms INTEGER NOT NULL,  -- greatest time of receipt
     rssi REAL,                     -- of the frame at time_ms
     snr REAL,
     PRIMARY KEY (device, gateway)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE source_heard (source TEXT PRIMARY KEY, received_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE uptime (start_ms INTEGER PRIMARY KEY, end_ms INTEGER NOT NULL) STRICT; -- when uplinks could be taken

   CREATE TABLE redecode_job (      -- progress of the catalog's orders
     id INTEGER NOT NULL,
     ordered_ms INTEGER NOT NULL,
     state TEXT NOT NULL,           -- running | done | cancelled | failed
     total INTEGER NOT NULL,
     done INTEGER NOT NULL,
     changed INTEGER NOT NULL,
     started_ms INTEGER NOT NULL,
     ended_ms INTEGER,
     error TEXT,
     PRIMARY KEY (id, ordered_ms)
   ) STRICT, WITHOUT ROWID;`,
];
