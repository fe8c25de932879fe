import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UplinkRecord } from "../../api/entry-admin.ts";
import { entryAdminOf } from "../../app/entry-admin.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { JOURNAL_FILE } from "../../ingest/journal.ts";
import { openJournalLookup } from "../../ingest/journal-lookup.ts";
import { journalMigrations } from "../../ingest/journal-schema.ts";
import { CatalogStore } from "../../store/catalog.ts";
import { readingsMigrations } from "../../store/readings-schema.ts";
import { addRedecode, cancelRedecode, redecodeProgress } from "../../store/redecode-orders.ts";
import { type UplinkQuestion, uplinkAnswers } from "../../store/uplink-reader.ts";
import { hashOf, NO_CODECS, type TestApi, type TestApiOptions, testApi } from "./api-fixture.ts";

export const KEY = Buffer.alloc(32, 9);
export const PROFILES = ["dragino-ldds75", "decentlab-dl-pr26"];

const square = (lon: number) => ({
  type: "Polygon",
  coordinates: [
    [
      [lon, 39.42],
      [lon + 0.001, 39.42],
      [lon + 0.001, 39.421],
      [lon, 39.42],
    ],
  ],
});
const user = (id: string, role: string, party?: string) => ({
  id: `u-${id}`,
  username: id,
  role,
  passwordHash: hashOf(`${id}-password`),
  ...(party ? { party } : {}),
});

/** The site file of a small town; the level sensor stands on kita-3 since May, with the zero 750 mm. */
export const townSite = () => ({
  site: { id: "town", timeZone: "Asia/Tokyo" },
  parties: [{ id: "sato-farm" }],
  users: [user("sato", "farmer", "sato-farm"), user("staff", "staff"), user("trainer", "trainer"), user("admin", "admin")],
  plots: [
    { id: "kita-3", name: "北の3番", geometry: square(140.5) },
    { id: "minami-1", geometry: square(140.51) },
  ],
  holdings: [{ party: "sato-farm", plot: "kita-3" }],
  devices: [
    {
      id: "level",
      devEui: "a84041ffff000001",
      profile: "dragino-ldds75",
      intervalS: 1800,
      placements: [{ plot: "kita-3", from: "2026-05-01T00:00:00+09:00", zeroMm: 750 }],
    },
    { id: "direct", profile: "senml", plot: "minami-1", levelZeroMm: 600, mqtt: { username: "direct", password: "chosen-by-a-person" } },
  ],
  gateways: [{ id: "gw-1", eui: "0016c001f0000001" }],
  networks: [{ id: "lns", kind: "chirpstack", mqtt: { username: "chirpstack", password: "network-password" }, url: null }],
  rovers: [{ id: "tractor-1", username: "tractor1", passwordHash: "hash" }],
});

export interface Row {
  readonly seq: number;
  readonly outcome?: "stored" | "duplicate" | "rejected" | "quarantined"; // absent: not processed yet
  readonly reason?: string;
  readonly device?: string | null;
  readonly source?: string;
  readonly receivedMs: number;
  readonly topic?: string;
  readonly payload?: string | Uint8Array; // absent: pruned
}

export interface Books {
  readonly t: TestApi;
  readonly store: CatalogStore;
  readonly readings: ReturnType<typeof openForWriting>;
  write(rows: readonly Row[]): void;
  cookieOf(username: string): Promise<string>;
  close(): Promise<void>;
}

/** The API over a real catalog, journal and readings in a folder of their own. */
export async function openBooks(options: Omit<TestApiOptions, "catalog" | "entries" | "uplinks"> = {}, site: unknown = townSite()): Promise<Books> {
  const folder = mkdtempSync(join(tmpdir(), "azemichi-books-"));
  const store = new CatalogStore(join(folder, "catalog.db"), { key: KEY, profiles: PROFILES });
  const imported = await store.importSite(site);
  if (!imported.ok) throw new Error(JSON.stringify(imported.issues));
  const journal = openForWriting(join(folder, JOURNAL_FILE), journalMigrations);
  const readings = openForWriting(join(folder, "readings.db"), readingsMigrations);
  const answers = uplinkAnswers({ readingsPath: join(folder, "readings.db"), openRaw: () => openJournalLookup(folder) });
  const view: { t?: TestApi } = {};
  const refresh = () => view.t?.setCatalog(store.catalog());
  const entries = entryAdminOf(store, { current: () => store.catalog(), onChange: () => () => {}, refresh });
  const codecs: typeof NO_CODECS = {
    ...NO_CODECS,
    orderRedecode: (order) => {
      const added = store.read((db) => addRedecode(db, order));
      refresh();
      return added;
    },
    cancelRedecode: (id, atMs) => {
      const cancelled = store.read((db) => cancelRedecode(db, id, atMs));
      refresh();
      return cancelled;
    },
    progress: (order) => redecodeProgress(readings, order),
  };
  const t = await testApi({ codecs, ...options, catalog: store.catalog(), entries, uplinks: recordOf(answers) });
  view.t = t;
  const cookies = new Map<string, Promise<string>>();
  return {
    t,
    cookieOf: (username) => {
      const known = cookies.get(username) ?? t.cookieOf(username);
      cookies.set(username, known);
      return known;
    },
    store,
    readings,
    write: (rows) => {
      for (const row of rows) writeRow({ journal, readings }, row);
    },
    close: async () => {
      await t.close();
      for (const db of [store, journal, readings]) db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function recordOf(answers: ReturnType<typeof uplinkAnswers>): UplinkRecord {
  const ask = async (question: UplinkQuestion): Promise<never> => {
    const told = answers({ ...question, id: 1 });
    if ("error" in told) throw new Error(told.error);
    return told.answer as never;
  };
  return {
    list: (filter) => ask({ kind: "list", filter }),
    one: (seq) => ask({ kind: "one", seq }),
    summary: (fromMs) => ask({ kind: "summary", fromMs }),
    unknownDevices: (page) => ask({ kind: "unknown", page }),
  };
}

function writeRow({ journal, readings }: Record<"journal" | "readings", ReturnType<typeof openForWriting>>, row: Row): void {
  const { seq, source = "lns", receivedMs, outcome, reason = "", device = null } = row;
  if (row.payload !== undefined)
    journal
      .prepare("INSERT INTO uplink (seq, received_ms, source, topic, payload, dup) VALUES (?, ?, ?, ?, ?, 0)")
      .run(seq, receivedMs, source, row.topic ?? "t", Buffer.from(row.payload));
  if (outcome === undefined) return;
  readings
    .prepare("INSERT INTO uplink_result (seq, source, outcome, reason, device, received_ms, time_ms) VALUES (?, ?, ?, ?, ?, ?, ?)")
    .run(seq, source, outcome, reason, device, receivedMs, receivedMs - 500);
  readings.prepare("UPDATE progress SET cursor = max(cursor, ?)").run(seq);
}
