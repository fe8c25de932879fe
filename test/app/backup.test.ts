import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sessionsMigrations } from "../../api/sessions.ts";
import { makeBackup } from "../../app/backup.ts";
import { backupAt, MANIFEST, type Manifest } from "../../app/backup-manifest.ts";
import { type DataFolder, folderKey, makeDataFolder, tryLock } from "../../app/data-folder.ts";
import { checkBackup, restoreBackup } from "../../app/restore.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { journalMigrations } from "../../ingest/journal-schema.ts";
import { catalogMigrations } from "../../store/catalog-schema.ts";
import { correctionsMigrations } from "../../store/corrections-schema.ts";
import { readingsMigrations } from "../../store/readings-schema.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 3);
const READINGS = 500;
const UPLINKS = 20;
const PROCESSED = 15;

let root: string;
let folder: DataFolder;
const open: DatabaseSync[] = []; // as the service has them: written to, with a write-ahead log

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "azemichi 控え "));
  folder = { path: join(root, "data"), demo: false };
  makeDataFolder(folder);
  folderKey(folder);
  const db = (name: string, migrations: readonly string[]): DatabaseSync => {
    const made = openForWriting(join(folder.path, name), migrations);
    open.push(made);
    return made;
  };
  db("catalog.db", catalogMigrations).exec(`INSERT INTO entry VALUES ('site', 'site', 0, '{"id":"misato"}', NULL)`);
  db("sessions.db", sessionsMigrations);
  db("corrections.db", correctionsMigrations);
  const journal = db("journal.db", journalMigrations);
  journal.exec("BEGIN");
  for (let i = 0; i < UPLINKS; i += 1)
    journal.prepare("INSERT INTO uplink (received_ms, source, topic, payload, dup) VALUES (?, 'lns', 't', ?, 0)").run(NOW_MS + i, Buffer.from([i]));
  journal.exec("COMMIT");
  const readings = db("readings.db", readingsMigrations);
  readings.exec("BEGIN");
  readings.exec(`UPDATE progress SET cursor = ${PROCESSED}; INSERT INTO ledger VALUES ('lns', 'stored', ${PROCESSED});
    INSERT INTO codec VALUES (1, 'c', 'ff'); INSERT INTO reading_origin VALUES (1, 'p', 1, 'device', ''); INSERT INTO series VALUES (1, 'd', 'soil.ec', 10)`);
  for (let i = 0; i < READINGS; i += 1) readings.prepare("INSERT INTO reading VALUES (1, ?, ?, 1, 1, 0, 0, 0, 1)").run(NOW_MS + i, i / 7);
  readings.exec("COMMIT");
  mkdirSync(join(folder.path, "relay"));
  writeFileSync(join(folder.path, "relay", "relay-state.json"), "{}");
  for (const left of ["archive", "demo"]) {
    mkdirSync(join(folder.path, left));
    writeFileSync(join(folder.path, left, "large"), "x");
  }
});
afterEach(() => {
  for (const db of open.splice(0)) db.close();
  rmSync(root, { recursive: true, force: true });
});

const to = (): string => join(root, "backups");
const back = (more: Partial<Parameters<typeof makeBackup>[0]> = {}) => makeBackup({ folder, to: to(), keep: null, nowMs: () => NOW_MS, ...more });
const restore = (more: Partial<Parameters<typeof restoreBackup>[0]> = {}) =>
  restoreBackup({ from: to(), dataDir: join(root, "restored"), force: false, nowMs: () => NOW_MS, ...more });

/** Every row of every table. */
function contents(path: string): Record<string, unknown> {
  const db = new DatabaseSync(path, { readOnly: true });
  const tables = db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all() as { name: string; sql: string | null }[];
  const rows = tables.filter(({ sql }) => sql?.startsWith("CREATE TABLE")).map(({ name }) => [name, db.prepare(`SELECT * FROM "${name}"`).all()]);
  const sequences = db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'sqlite_sequence'").get() as { n: number };
  const version = db.prepare("PRAGMA user_version").get();
  const found = { tables, version, sequence: sequences.n ? db.prepare("SELECT * FROM sqlite_sequence ORDER BY name").all() : [], ...Object.fromEntries(rows) };
  db.close();
  return found;
}
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("a backup", () => {
  test("holds all databases and small files of a folder in use, for its owner alone, and says what is in it", () => {
    const { path, manifest } = back();
    expect(path).toBe(join(to(), "azemichi-misato-20260601T030000Z"));
    expect(readdirSync(path).sort()).toEqual(["catalog.db", "corrections.db", "journal.db", MANIFEST, "readings.db", "relay", "secret.key", "sessions.db"]);
    expect(manifest).toMatchObject({ site: "misato", demo: false, readings: READINGS, processedUpTo: PROCESSED, lastUplink: UPLINKS });
    expect(manifest.ledger).toEqual({ received: UPLINKS, stored: PROCESSED, duplicate: 0, rejected: 0, quarantined: 0, pending: UPLINKS - PROCESSED });
    expect([modeOf(to()), modeOf(path), modeOf(join(path, "relay"))]).toEqual([0o700, 0o700, 0o700]);
    for (const file of [...manifest.files.map((f) => f.path), MANIFEST]) expect(modeOf(join(path, file)), file).toBe(0o600);
    for (const name of ["catalog.db", "corrections.db", "journal.db", "readings.db", "sessions.db"])
      expect(contents(join(path, name))).toEqual(contents(join(folder.path, name)));
    expect(checkBackup(to())).toEqual({ backup: path, manifest });
  });

  test("of a folder without data is refused", () => {
    rmSync(join(folder.path, "catalog.db"));
    expect(() => back()).toThrow("there is no data of Azemichi");
  });

  test("leaves so many of its own site as are to be kept, and other sites alone", () => {
    const at = (hour: number) => back({ keep: 2, nowMs: () => NOW_MS + hour * 3_600_000 });
    mkdirSync(join(to(), "azemichi-misato-east-20250101T000000Z"), { recursive: true });
    writeFileSync(join(to(), "azemichi-misato-east-20250101T000000Z", MANIFEST), "{}");
    expect([at(0), at(1), at(2)].map(({ removed }) => removed)).toEqual([[], [], ["azemichi-misato-20260601T030000Z"]]);
    expect(at(2).path).toMatch(/T050000Z-2$/); // two within one second
    expect(readdirSync(to()).sort()).toEqual([
      "azemichi-misato-20260601T050000Z",
      "azemichi-misato-20260601T050000Z-2",
      "azemichi-misato-east-20250101T000000Z",
    ]);
    expect(backupAt(to())).toMatch(/T050000Z-2$/);
  });

  test("clears away what a killed one left, and nothing of one under way", () => {
    for (const pid of [2 ** 22 + 1, process.ppid]) mkdirSync(join(to(), `.azemichi-partial-${pid}`), { recursive: true });
    back();
    expect(readdirSync(to()).filter((name) => name.startsWith("."))).toEqual([`.azemichi-partial-${process.ppid}`]);
  });

  test.each([
    ["on the same disk uplinks keep their room", 1, 1.05 * 2 ** 30, /needs \d+ MB, and 1,0\d\d MB are free; 1,024 MB more have to stay free there for uplinks/],
    ["on another disk only the copy counts", 2, 2 ** 20, /needs \d+ MB, and 1 MB are free\. Choose/],
  ])("too large for its disk is refused before anything is written: %s", (_, id, freeBytes, sentence) => {
    const diskOf = (path: string) => (path.startsWith(folder.path) ? { id: 1, freeBytes: 0 } : { id, freeBytes });
    expect(() => back({ diskOf })).toThrow(sentence);
    expect(existsSync(to())).toBe(false);
  });

  test("that fails leaves nothing under a backup's name", () => {
    const path = join(folder.path, "more.db");
    const more = new DatabaseSync(path);
    more.exec("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(20000))");
    more.close();
    writeFileSync(path, readFileSync(path).fill(0xff, 4096, 8192));
    expect(() => back()).toThrow("more.db");
    expect(readdirSync(to())).toEqual([]);
  });
});

describe("restored", () => {
  test("a folder holds the same rows and files, and journal numbers go on above", async () => {
    const { path, manifest } = back();
    const restored = await restore();
    expect(restored).toEqual({ backup: path, manifest, path: join(root, "restored"), former: null });
    for (const { path: name } of manifest.files.filter((f) => f.schema !== null))
      expect(contents(join(restored.path, name))).toEqual(contents(join(folder.path, name)));
    expect(folderKey({ path: restored.path, demo: false })).toEqual(folderKey(folder));
    expect(readFileSync(join(restored.path, "relay", "relay-state.json"), "utf8")).toBe("{}");
    expect([modeOf(restored.path), modeOf(join(restored.path, "secret.key"))]).toEqual([0o700, 0o600]);
    const journal = openForWriting(join(restored.path, "journal.db"), journalMigrations);
    const added = journal.prepare("INSERT INTO uplink (received_ms, source, topic, payload, dup) VALUES (1, 'lns', 't', x'00', 0)").run();
    expect(added.lastInsertRowid).toBe(UPLINKS + 1);
    journal.close();
  });

  test("the demo's backup goes into the demo's place", async () => {
    back({ folder: { ...folder, demo: true } });
    expect((await restore()).path).toBe(join(root, "restored", "demo"));
  });

  test("a folder that holds data stays as it is, or is moved aside when told so", async () => {
    back();
    await expect(restore({ dataDir: folder.path })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    const first = await restore();
    await expect(restore()).rejects.toThrow("--force");
    writeFileSync(join(first.path, "mark"), "of the former");
    const second = await restore({ force: true });
    expect(second.former).toBe(`${first.path}.before-restore-20260601T030000Z`);
    expect(readFileSync(join(second.former as string, "mark"), "utf8")).toBe("of the former");
    expect(existsSync(join(second.path, "mark"))).toBe(false);
    expect(existsSync(join(second.path, "catalog.db"))).toBe(true);
  });

  test("a folder with a demo in it, and no data of a site, takes a site's", async () => {
    back();
    mkdirSync(join(root, "restored", "demo"), { recursive: true });
    expect((await restore()).former).toBeNull();
    expect(existsSync(join(root, "restored", "demo"))).toBe(true);
  });

  test.each(["service", "field"] as const)("a folder on which %s runs is left alone, with force too", async (name) => {
    back();
    const release = tryLock(folder, name);
    await expect(restore({ dataDir: folder.path, force: true })).rejects.toMatchObject({ code: "DATA_FOLDER_LOCKED" });
    expect(readdirSync(root).sort()).toEqual(["backups", "data"]);
    release?.();
  });
});

describe("a backup that is not whole is refused, and nothing is made of it:", () => {
  const flip = (path: string, at: number): void => {
    const bytes = readFileSync(path);
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
  };
  const edit = (backup: string, file: string, change: Record<string, unknown> | null): void => {
    const manifest = JSON.parse(readFileSync(join(backup, MANIFEST), "utf8")) as Manifest;
    const files = manifest.files.flatMap((f) => (f.path !== file ? [f] : change ? [{ ...f, ...change }] : []));
    writeFileSync(join(backup, MANIFEST), JSON.stringify({ ...manifest, files }));
  };

  test.each<[string, string, string, (backup: string) => void]>([
    ["one bit of a database", "BACKUP_INVALID", "readings.db was changed or damaged", (b) => flip(join(b, "readings.db"), 20_000)],
    ["a file cut short", "BACKUP_INVALID", "journal.db was changed or damaged", (b) => truncateSync(join(b, "journal.db"), 4096)],
    ["a file that is missing", "BACKUP_INVALID", "secret.key is missing", (b) => rmSync(join(b, "secret.key"))],
    ["no manifest", "BACKUP_INVALID", "no complete backup", (b) => rmSync(join(b, MANIFEST))],
    ["half a manifest", "BACKUP_INVALID", "cannot be read", (b) => truncateSync(join(b, MANIFEST), 100)],
    ["a path that leads out", "BACKUP_INVALID", "a path within the backup", (b) => edit(b, "secret.key", { path: "../secret.key" })],
    ["a path that leads out on the way", "BACKUP_INVALID", "a path within", (b) => edit(b, "secret.key", { path: "relay/../../secret.key" })],
    ["no catalog", "BACKUP_INVALID", "there is no catalog.db", (b) => edit(b, "catalog.db", null)],
    ["a newer schema", "SCHEMA_NEWER", "newer Azemichi", (b) => edit(b, "readings.db", { schema: 99 })],
    [
      "a database that was damaged before it was counted",
      "BACKUP_INVALID",
      "readings.db is damaged",
      (b) => {
        const path = join(b, "readings.db");
        const bytes = readFileSync(path);
        bytes.fill(0xff, bytes.length - 9000, bytes.length - 1000);
        writeFileSync(path, bytes);
        edit(b, "readings.db", { sha256: createHash("sha256").update(bytes).digest("hex") });
      },
    ],
  ])("%s", async (_, code, sentence, damage) => {
    damage(back().path);
    await expect(restore()).rejects.toMatchObject({ code, message: expect.stringContaining(sentence) });
    expect(existsSync(join(root, "restored"))).toBe(false);
  });

  test("no folder at all", async () => {
    await expect(restore({ from: join(root, "nowhere") })).rejects.toMatchObject({ code: "BACKUP_INVALID" });
  });
});
