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
];
