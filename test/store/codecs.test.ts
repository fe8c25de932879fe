import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { VendorCodec } from "../../core/domain/codec.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { CatalogStore } from "../../store/catalog.ts";
import { CODECS_MAX, deleteCodec, findCodec, listCodecs, putCodec } from "../../store/codecs.ts";
import { readingsMigrations } from "../../store/readings-schema.ts";
import { addRedecode, cancelRedecode, listRedecodes, redecodeProgress } from "../../store/redecode-orders.ts";

let folder: string;
let store: CatalogStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-codecs-"));
  store = new CatalogStore(join(folder, "catalog.db"), { key: Buffer.alloc(32), profiles: [] });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const version = (id: string, sha256: string, live: boolean): VendorCodec => ({
  id,
  sha256,
  script: `// ${sha256}`,
  mapping: [{ path: "t", quantity: "air.temperature", scale: 0.1, offset: 0, depthCm: null }],
  vectors: [{ name: "v", fPort: 1, bytesHex: "00", expected: { t: 1 } }],
  gate: { live, why: "", at: "2026-06-01T00:00:00.000Z", frames: { planned: 1, ran: 1, errors: 0 }, failures: [] },
});
const put = (codec: VendorCodec, atMs = 1000) => store.read((db) => putCodec(db, { codec, atMs, username: "staff" }));
const liveOnes = () => store.catalog().codecs.map(({ id, sha256 }) => [id, sha256]);

describe("codecs", () => {
  test("what passed decodes; what failed after it is kept, and the former goes on", () => {
    put(version("a", "1", false));
    expect(liveOnes()).toEqual([]);
    put(version("a", "2", true));
    expect(liveOnes()).toEqual([["a", "2"]]);
    const stored = put(version("a", "3", false), 2000);
    expect(liveOnes()).toEqual([["a", "2"]]);
    expect(stored).toEqual({ newest: version("a", "3", false), live: version("a", "2", true), at: "1970-01-01T00:00:02.000Z", username: "staff" });
    expect(store.read((db) => findCodec(db, "a"))).toEqual(stored);
    put(version("a", "4", true));
    expect(liveOnes()).toEqual([["a", "4"]]);
  });

  test("are listed by id, and go", () => {
    for (const id of ["b", "a"]) put(version(id, id, true));
    expect(store.read(listCodecs).map(({ newest }) => newest.id)).toEqual(["a", "b"]);
    expect(store.read((db) => [deleteCodec(db, "a"), deleteCodec(db, "a"), findCodec(db, "a")])).toEqual([true, false, undefined]);
    expect(liveOnes()).toEqual([["b", "b"]]);
  });

  test("there is a most, which a known one may still be put beyond", () => {
    for (let i = 0; i < CODECS_MAX; i += 1) expect(put(version(`c${i}`, "1", false))).not.toBeNull();
    expect(put(version("one-more", "1", true))).toBeNull();
    expect(put(version("c7", "2", true))).not.toBeNull();
    expect(liveOnes()).toEqual([["c7", "2"]]);
  });
});

describe("orders to read again", () => {
  const order = (atMs: number, codecId = "a") =>
    store.read((db) => addRedecode(db, { atMs, what: { kind: "codec", codecId }, fromMs: 10, toMs: null, username: "staff", reason: "codec" }));

  test("stand in the catalog, oldest first, those of devices too", () => {
    const first = order(1);
    const second = store.read((db) =>
      addRedecode(db, { atMs: 2, what: { kind: "device", deviceId: "d" }, fromMs: null, toMs: 20, username: "staff", reason: "zero" }),
    );
    expect(first).toEqual({
      id: 1,
      atMs: 1,
      what: { kind: "codec", codecId: "a" },
      fromMs: 10,
      toMs: null,
      username: "staff",
      reason: "codec",
      cancelledAtMs: null,
    });
    expect(store.catalog().redecodes).toEqual([first, second]);
    expect(store.read((db) => listRedecodes(db, { what: { kind: "device", deviceId: "d" }, max: 9 }))).toEqual([second]);
    expect(store.read((db) => listRedecodes(db, { what: { kind: "codec", codecId: "d" }, max: 9 }))).toEqual([]);
    expect(store.read((db) => listRedecodes(db, { what: null, max: 9 }))).toEqual([second, first]);
  });

  test("are cancelled once", () => {
    const { id } = order(1);
    expect(store.read((db) => cancelRedecode(db, id, 50))?.cancelledAtMs).toBe(50);
    expect(store.read((db) => cancelRedecode(db, id, 60))?.cancelledAtMs).toBe(50);
    expect(store.read((db) => cancelRedecode(db, 99, 60))).toBeUndefined();
  });

  test("are kept to a limit, and their numbers are never used again", () => {
    for (let i = 0; i < 510; i += 1) order(i);
    const kept = store.catalog().redecodes;
    expect([kept.length, kept[0]?.id, kept.at(-1)?.id]).toEqual([500, 11, 510]);
  });

  test("how far they are is what field wrote; without it they wait", () => {
    const waiting = order(1);
    expect(redecodeProgress(undefined, waiting)).toEqual({
      id: 1,
      state: "waiting",
      total: 0,
      done: 0,
      changed: 0,
      startedAt: null,
      endedAt: null,
      error: null,
    });
    const cancelled = store.read((db) => cancelRedecode(db, waiting.id, 50));
    expect(cancelled && redecodeProgress(undefined, cancelled)).toMatchObject({ state: "cancelled", endedAt: "1970-01-01T00:00:00.050Z" });
    const readings = openForWriting(join(folder, "readings.db"), readingsMigrations);
    try {
      readings
        .prepare(
          "INSERT INTO redecode_job (id, ordered_ms, state, total, done, changed, started_ms, ended_ms, error) VALUES (?, ?, 'running', 9, 4, 2, 1000, NULL, NULL)",
        )
        .run(waiting.id, 1);
      expect(redecodeProgress(readings, waiting)).toEqual({
        id: 1,
        state: "running",
        total: 9,
        done: 4,
        changed: 2,
        startedAt: "1970-01-01T00:00:01.000Z",
        endedAt: null,
        error: null,
      });
      expect(redecodeProgress(readings, { ...waiting, atMs: 2 }).state).toBe("waiting"); // another order under that number, of a catalog that was put back
    } finally {
      readings.close();
    }
  });
});
