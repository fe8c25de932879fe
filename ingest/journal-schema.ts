import type { Migrations } from "../core/runtime/sqlite.ts";

/** journal.db: what arrived, byte for byte, before anybody was told that it is safe. Append-only. */
export const journalMigrations: Migrations = [
  `CREATE TABLE uplink (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     received_ms INTEGER NOT NULL,
     source TEXT NOT NULL,          -- network id, or 'direct'
     topic TEXT NOT NULL,
     payload BLOB NOT NULL,
     dup INTEGER NOT NULL           -- MQTT DUP flag: 0 or 1
   ) STRICT;
   CREATE INDEX uplink_received ON uplink(received_ms);
   CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), at_ms INTEGER NOT NULL) STRICT; -- written to learn whether the disk takes writes again`,
];
