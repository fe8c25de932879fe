import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { Journal, type JournalEntry, type JournalOptions } from "../../ingest/journal.ts";
import { openJournal } from "../../ingest/journal-reader.ts";

let folder: string;
let metrics: Metrics;
const open: Journal[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-journal-"));
  metrics = new Metrics();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((j) => j.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function journal(options: Partial<JournalOptions> = {}): Promise<Journal> {
  const made = await Journal.open({ folder, numberAfter: 0, log: silentLog, metrics, freeBytesMin: 0, onDeath: () => {}, ...options });
  open.push(made);
  return made;
}
const entry = (n: number, source = "cs"): JournalEntry => ({
  receivedAtMs: 1000 + n,
  source,
  topic: `t/${n}`,
  payload: Buffer.from(`payload ${n}`),
  dup: n % 2 === 1,
});

test("numbers follow the order of arrival, the bytes are the same, many share a commit", async () => {
  const j = await journal();
  const seqs = await Promise.all(Array.from({ length: 2500 }, (_, n) => j.append(entry(n))));
  expect(seqs).toEqual(Array.from({ length: 2500 }, (_, n) => n + 1));
  expect(metrics.get("azemichi_journal_commits_total")).toBeLessThan(20);
  const reader = openJournal(folder);
  expect(reader?.lastSeq()).toBe(2500);
  expect(reader?.readAfter(2498, 10)).toEqual([
    { seq: 2499, ...entry(2498), payload: new Uint8Array(Buffer.from("payload 2498")) },
    { seq: 2500, ...entry(2499), payload: new Uint8Array(Buffer.from("payload 2499")) },
  ]);
  reader?.close();
});

test("what was acknowledged is there after closing and opening again; numbers go on", async () => {
  const first = await journal();
  await first.append(entry(1));
  await first.close();
  const second = await journal();
  expect(await second.append(entry(2, "other"))).toBe(2);
  const reader = openJournal(folder);
  expect(reader?.pendingAfter(0)).toEqual(
    new Map([
      ["cs", 1],
      ["other", 1],
    ]),
  );
  expect(reader?.pendingAfter(1)).toEqual(new Map([["other", 1]]));
  reader?.close();
});

test("closing writes what was accepted, and refuses the rest", async () => {
  const j = await journal();
  const waiting = j.append(entry(1));
  await Promise.all([waiting, j.close()]);
  await expect(j.append(entry(2))).rejects.toThrow("closing");
});

test("whatever is handed in comes out byte for byte, in order, and each ticket hears of its own", async () => {
  const row = fc.record({
    receivedAtMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    source: fc.constantFrom("cs", "tts", "direct"),
    topic: fc.oneof(fc.constantFrom("a", "application/1/device/x/event/up"), fc.string({ maxLength: 40, unit: "grapheme" })),
    payload: fc.uint8Array({ maxLength: 400 }),
    dup: fc.boolean(),
    by: fc.integer({ min: 0, max: 3 }),
  });
  const j = await journal();
  const reader = openJournal(folder);
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 150 }), async (rows) => {
      const before = reader?.lastSeq() ?? 0;
      const heard: number[][] = [[], [], [], []];
      await new Promise<void>((resolve, reject) => {
        let left = rows.length;
        const tickets = heard.map((seqs) => ({
          journaled(count: number, firstSeq: number): void {
            for (let i = 0; i < count; i += 1) seqs.push(firstSeq + i);
            left -= count;
            if (left === 0) resolve();
          },
          refused: (_count: number, error: Error): void => reject(error),
        }));
        for (const { by, ...uplink } of rows) j.put(uplink, tickets[by] as (typeof tickets)[number]);
      });
      const kept = reader?.readAfter(before, 1000).map(({ seq, ...uplink }) => ({ by: seq - before, ...uplink }));
      expect(kept).toEqual(rows.map((r, i) => ({ ...r, by: i + 1 })));
      expect(heard).toEqual([0, 1, 2, 3].map((who) => rows.flatMap(({ by }, i) => (by === who ? [before + 1 + i] : []))));
    }),
    { numRuns: 40 },
  );
  reader?.close();
});

test("large payloads go into several commits, and their memory is not kept", async () => {
  const j = await journal();
  const large = Array.from({ length: 40 }, (_, n) => ({ ...entry(n), payload: Buffer.alloc(1_000_000, n) }));
  await Promise.all(large.map((e) => j.append(e)));
  expect(metrics.get("azemichi_journal_commits_total")).toBeGreaterThan(4);
  const reader = openJournal(folder);
  expect(reader?.readAfter(0, 100).every(({ payload }, n) => payload.byteLength === 1_000_000 && payload.every((byte) => byte === n))).toBe(true);
  reader?.close();
});

test("a commit is told after it, with the last number", async () => {
  const j = await journal();
  const told: number[] = [];
  const end = j.onCommit((seq) => told.push(seq));
  await j.append(entry(1));
  end();
  await j.append(entry(2));
  expect(told).toEqual([1]);
});

test("too little free space: refused, not ready, and said so", async () => {
  const j = await journal({ freeBytesMin: Number.MAX_SAFE_INTEGER });
  expect(j.ready).toBe(false);
  expect(metrics.get("azemichi_field_ready")).toBe(0);
  await expect(j.append(entry(1))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("free") });
});

test("a disk that does not take the write: nothing is acknowledged; when it does again, it goes on", async () => {
  const j = await journal();
  const blocker = new DatabaseSync(join(folder, "journal.db"));
  blocker.exec("CREATE TRIGGER full BEFORE INSERT ON uplink BEGIN SELECT raise(FAIL, 'database or disk is full'); END");
  await expect(j.append(entry(1))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(j.ready).toBe(false);
  blocker.exec("DROP TRIGGER full");
  blocker.close();
  expect(await j.append(entry(2))).toBeGreaterThan(0);
  expect(j.ready).toBe(true);
  expect(metrics.get("azemichi_field_ready")).toBe(1);
});

test("the queue is bounded: what is too much is refused at once", async () => {
  const j = await journal({ queueMax: 10 });
  const results = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => j.append(entry(n))));
  expect(results.map((r) => r.status)).toEqual([...Array.from({ length: 10 }, () => "fulfilled"), "rejected", "rejected"]);
  expect(metrics.get("azemichi_journal_queue_refused_total")).toBe(2);
});

test("pruning removes what is old and done, and nothing else", async () => {
  const j = await journal();
  await Promise.all(Array.from({ length: 10 }, (_, n) => j.append(entry(n))));
  expect(await j.prune({ receivedBeforeMs: 1005, upToSeq: 3 })).toBe(3); // received before, but 4 and 5 are not processed
  expect(await j.prune({ receivedBeforeMs: 1005, upToSeq: 10 })).toBe(2);
  const reader = openJournal(folder);
  expect([reader?.firstSeq(), reader?.lastSeq()]).toEqual([6, 10]);
  reader?.close();
  expect(await j.append(entry(11))).toBe(11);
});

test("a journal that was lost goes on above what was processed already", async () => {
  const j = await journal({ numberAfter: 70 });
  expect(await j.append(entry(1))).toBe(71);
  await j.close();
  expect(await (await journal({ numberAfter: 5 })).append(entry(2))).toBe(72);
});

test("a folder without a journal has no reader", () => {
  expect(openJournal(folder)).toBeUndefined();
});

test("a journal of a newer version is refused with a sentence", async () => {
  const db = new DatabaseSync(join(folder, "journal.db"));
  db.exec("PRAGMA user_version = 99");
  db.close();
  await expect(journal()).rejects.toMatchObject({ code: "SCHEMA_NEWER" });
});
