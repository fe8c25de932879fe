import type { DatabaseSync } from "node:sqlite";
import type { StoredCodec, VendorCodec } from "../core/domain/codec.ts";
import { transaction } from "../core/runtime/sqlite.ts";

export const CODECS_MAX = 500; // a town has a dozen products

interface Row {
  readonly newest: string;
  readonly live: string | null;
  readonly atMs: number;
  readonly username: string;
}
const COLUMNS = "newest, live, at_ms AS atMs, username";

/** Keeps a version as the newest; where it passed its gate it decodes from now on, else the former one goes on. Null: there are too many codecs. */
export function putCodec(db: DatabaseSync, put: { readonly codec: VendorCodec; readonly atMs: number; readonly username: string }): StoredCodec | null {
  const { codec, atMs, username } = put;
  const json = JSON.stringify(codec);
  return transaction(db, () => {
    const { others } = db.prepare("SELECT count(*) AS others FROM codec WHERE id <> ?").get(codec.id) as { others: number };
    if (others >= CODECS_MAX) return null;
    const row = db
      .prepare(
        `INSERT INTO codec (id, newest, live, at_ms, username) VALUES (?1, ?2, CASE WHEN ?3 THEN ?2 END, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET newest = ?2, live = CASE WHEN ?3 THEN ?2 ELSE live END, at_ms = ?4, username = ?5 RETURNING ${COLUMNS}`,
      )
      .get(codec.id, json, codec.gate.live ? 1 : 0, atMs, username);
    return codecOf(row as unknown as Row);
  });
}

export function findCodec(db: DatabaseSync, id: string): StoredCodec | undefined {
  const row = db.prepare(`SELECT ${COLUMNS} FROM codec WHERE id = ?`).get(id);
  return row === undefined ? undefined : codecOf(row as unknown as Row);
}

/** By id. */
export function listCodecs(db: DatabaseSync): StoredCodec[] {
  return (db.prepare(`SELECT ${COLUMNS} FROM codec ORDER BY id`).all() as unknown as Row[]).map(codecOf);
}

/** False: there was none. */
export function deleteCodec(db: DatabaseSync, id: string): boolean {
  return Number(db.prepare("DELETE FROM codec WHERE id = ?").run(id).changes) > 0;
}

/** The versions that decode. */
export function readLiveCodecs(db: DatabaseSync): VendorCodec[] {
  const rows = db.prepare("SELECT live FROM codec WHERE live IS NOT NULL ORDER BY id").all() as unknown as { live: string }[];
  return rows.map((row) => JSON.parse(row.live) as VendorCodec);
}

function codecOf(row: Row): StoredCodec {
  return {
    newest: JSON.parse(row.newest) as VendorCodec,
    live: row.live === null ? null : (JSON.parse(row.live) as VendorCodec),
    at: new Date(row.atMs).toISOString(),
    username: row.username,
  };
}
