import type { Migrations } from "../core/runtime/sqlite.ts";

/** catalog.db: the site file's entries, one row each, with hashes where the file had secrets. */
export const catalogMigrations: Migrations = [
  `CREATE TABLE entry (
     kind TEXT NOT NULL,            -- site | parties | users | … as in the site file
     id TEXT NOT NULL,
     ord INTEGER NOT NULL,          -- order of first import
     json TEXT NOT NULL,
     digest TEXT,                   -- keyed digest of the entry's password, never exported
     PRIMARY KEY (kind, id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE base_order (           -- what staff decided, who and when: read by the relay, kept as the audit trail
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     at_ms INTEGER NOT NULL,
     kind TEXT NOT NULL,            -- confirm | stop | start | recheck
     base TEXT,                     -- NULL: every base (recheck)
     username TEXT NOT NULL,
     reason TEXT
   ) STRICT;
   CREATE INDEX base_order_newest ON base_order(base, kind, seq);`,
  `CREATE TABLE codec (                -- vendor scripts
     id TEXT PRIMARY KEY,
     newest TEXT NOT NULL,          -- JSON of the version that was put last, with what its gate found
     live TEXT,                     -- JSON of the newest version that passed; NULL = none yet
     at_ms INTEGER NOT NULL,
     username TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE redecode (             -- orders to read uplinks again; field carries them out and keeps its progress in readings.db
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     at_ms INTEGER NOT NULL,
     kind TEXT NOT NULL,            -- codec | device
     name TEXT NOT NULL,
     from_ms INTEGER,
     to_ms INTEGER,
     username TEXT NOT NULL,
     reason TEXT NOT NULL,
     cancelled_ms INTEGER
   ) STRICT;
   CREATE TABLE zero_log (             -- each zero that a level sensor was given, and by whom
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     at_ms INTEGER NOT NULL,
     device TEXT NOT NULL,
     from_ms INTEGER NOT NULL,      -- holds from here on
     zero_mm REAL NOT NULL,
     former_mm REAL,                -- NULL = there was none
     username TEXT NOT NULL,
     note TEXT
   ) STRICT;
   CREATE INDEX zero_log_device ON zero_log(device, seq);`,
  `CREATE TABLE entry_origin (        -- what a site file last said of an entry, and what was changed here since
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     imported TEXT,                 -- JSON {key: keyed digest of the document's value}; NULL = never in a document
     edited TEXT NOT NULL,          -- JSON list of the keys changed here since; ["*"] = the entry was removed here
     edited_ms INTEGER,             -- NULL = nothing was
     edited_by TEXT,
     PRIMARY KEY (kind, id)
   ) STRICT, WITHOUT ROWID;
   DELETE FROM meta WHERE key = 'site-file'; -- the next start imports its file once more, and so learns what it says`,
];
