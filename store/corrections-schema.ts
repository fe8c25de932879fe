import type { Migrations } from "../core/runtime/sqlite.ts";

/** corrections.db: what the relay told of bases and rovers. Ids and mounts are numbers here: a track has millions of rows. */
export const correctionsMigrations: Migrations = [
  `CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

   CREATE TABLE base_minute (
     base INTEGER NOT NULL REFERENCES name(id),
     minute INTEGER NOT NULL,       -- Unix time in minutes
     heard_s INTEGER NOT NULL,
     sending_s INTEGER NOT NULL,
     silent_s INTEGER NOT NULL,
     absent_s INTEGER NOT NULL,
     guard TEXT,
     verdict TEXT,
     rovers INTEGER NOT NULL,
     bytes_sum REAL NOT NULL,       -- of bytes per second, over heard_s
     crc_failures INTEGER NOT NULL,
     latency_n INTEGER NOT NULL,
     latency_sum_ms REAL NOT NULL,
     latency_max_ms REAL,
     satellites TEXT NOT NULL,      -- JSON: {"GPS":[least,most]}
     cnr_dbhz REAL,
     displacement_m REAL,
     counted TEXT,                  -- JSON, as the relay counted this minute; NULL = not told
     sim INTEGER NOT NULL,
     PRIMARY KEY (base, minute)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE track (
     rover INTEGER NOT NULL REFERENCES name(id),
     time_ms INTEGER NOT NULL,      -- when its GGA was heard: the same GGA is one point
     lat_e9 INTEGER NOT NULL,       -- 1e-9 degrees: 0.1 mm
     lon_e9 INTEGER NOT NULL,
     height_mm INTEGER,
     fix INTEGER NOT NULL,          -- position in FIXES
     satellites INTEGER,
     hdop_e2 INTEGER,
     age_ms INTEGER,
     baseline_m INTEGER,
     base INTEGER REFERENCES name(id),
     mount INTEGER REFERENCES name(id),
     plot INTEGER REFERENCES name(id),
     relay_ms INTEGER,
     send_ms INTEGER,
     datum INTEGER REFERENCES name(id),
     sim INTEGER NOT NULL,
     PRIMARY KEY (rover, time_ms)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE event (
     seq INTEGER PRIMARY KEY,
     at_ms INTEGER NOT NULL,
     base INTEGER NOT NULL,         -- name, 0 = none: NULLs would not be unique
     rover INTEGER NOT NULL,
     code TEXT NOT NULL,
     severity TEXT NOT NULL,
     ja TEXT NOT NULL,
     en TEXT NOT NULL,
     UNIQUE (at_ms, base, rover, code)  -- one of a base and a rover is told under both
   ) STRICT;
   CREATE INDEX event_base ON event(base, at_ms);
   CREATE INDEX event_rover ON event(rover, at_ms);`,
];

/** Numbers of the fix states in a track: only ever added to. */
export const FIXES = ["unknown", "none", "single", "dgps", "float", "fix", "other"] as const;
