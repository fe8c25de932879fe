import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { ARCHIVE_LIMITS, Archive } from "../../correction-relay/archive.ts";
import { frame1006, frame1033 } from "./support.ts";

const T0 = Date.UTC(2026, 10, 23, 3, 30);
const HOUR_MS = 3_600_000;
let folder = "";
let metrics = new Metrics();
let lines: string[] = [];
const archiveOf = (limits: Partial<ConstructorParameters<typeof Archive>[0]["limits"]> = {}) =>
  new Archive({
    folder: join(folder, "archive"),
    limits: { ...ARCHIVE_LIMITS, freeBytesMin: 0, ...limits },
    log: createLog({ level: "error", write: (line) => void lines.push(line) }),
    metrics,
  });
const path = (...names: string[]) => join(folder, "archive", ...names);
function put(bytes: number, ...names: string[]): void {
  mkdirSync(dirname(path(...names)), { recursive: true });
  writeFileSync(path(...names), Buffer.alloc(bytes));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-archive-"));
  metrics = new Metrics();
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("whole frames in order, a file for each base and hour, readable by its owner only", async () => {
  const archive = archiveOf();
  const view = Buffer.from(frame1006());
  archive.put("misato1", view, T0);
  view.fill(0); // it was copied
  archive.tick(T0);
  archive.put("misato1", frame1033(), T0 + 1000);
  archive.put("misato1", frame1033(), T0 + HOUR_MS);
  archive.put("../up", frame1006(), T0);
  await archive.close();
  expect(readFileSync(path("misato1", "2026-11-23T03Z.rtcm3"))).toEqual(Buffer.concat([frame1006(), frame1033()]));
  expect(readFileSync(path("misato1", "2026-11-23T04Z.rtcm3"))).toEqual(Buffer.from(frame1033()));
  expect(readdirSync(path()).sort()).toEqual(["%2E%2E%2Fup", "misato1"]);
  expect(statSync(path("misato1", "2026-11-23T03Z.rtcm3")).mode & 0o777).toBe(0o600);
  expect(await archive.list("misato1")).toEqual([
    { hour: "2026-11-23T04Z", name: "2026-11-23T04Z.rtcm3", bytes: frame1033().length },
    { hour: "2026-11-23T03Z", name: "2026-11-23T03Z.rtcm3", bytes: frame1006().length + frame1033().length },
  ]);
  const stream = await archive.open("misato1", "2026-11-23T04Z");
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks)).toEqual(Buffer.from(frame1033()));
  expect(await archive.open("misato1", "../../etc/passwd")).toBeNull();
  expect([await archive.list("nobody"), await archive.open("nobody", "2026-11-23T04Z")]).toEqual([[], null]);
});

test("a restart in mid-hour goes on in the same file", async () => {
  for (let i = 0; i < 2; i += 1) {
    const archive = archiveOf();
    archive.put("b", frame1006(), T0 + i);
    await archive.close();
  }
  expect(readFileSync(path("b", "2026-11-23T03Z.rtcm3"))).toEqual(Buffer.concat([frame1006(), frame1006()]));
});

test("too old goes, then the oldest while there is too much; the running hour and what is not ours stay", async () => {
  put(10, "a", "2026-10-20T00Z.rtcm3");
  put(600, "a", "2026-11-22T00Z.rtcm3");
  put(600, "b", "2026-11-22T01Z.rtcm3");
  put(600, "b", "2026-11-23T03Z.rtcm3");
  put(600, "b", "notes.txt");
  const archive = archiveOf({ totalBytes: 1300 });
  archive.tick(T0);
  await archive.close();
  expect([readdirSync(path("a")), readdirSync(path("b")).sort()]).toEqual([[], ["2026-11-22T01Z.rtcm3", "2026-11-23T03Z.rtcm3", "notes.txt"]]);
  expect(metrics.get("azemichi_relay_archive_removed_files_total")).toBe(2);
  expect(metrics.get("azemichi_relay_archive_bytes")).toBe(1200);
});

test("a disk that is nearly full gets nothing more, and loses what is oldest", async () => {
  put(600, "a", "2026-11-22T00Z.rtcm3");
  const archive = archiveOf({ freeBytesMin: Number.MAX_SAFE_INTEGER });
  archive.tick(T0);
  await archive.close();
  archive.put("a", frame1006(), T0);
  await archive.close();
  expect(readdirSync(path("a"))).toEqual([]);
  expect(metrics.get("azemichi_relay_archive_dropped_frames_total", { why: "disk-full" })).toBe(1);
  expect(lines).toHaveLength(1);
});

test("a disk that stalls costs frames, never memory", async () => {
  const archive = archiveOf({ bufferBytes: 10_000 });
  for (let i = 0; i < 1000; i += 1) archive.put("b", frame1006(), T0);
  const kept = Math.floor(10_000 / frame1006().length);
  expect(metrics.get("azemichi_relay_archive_dropped_frames_total", { why: "disk-slow" })).toBe(1000 - kept);
  await archive.close();
  expect(statSync(path("b", "2026-11-23T03Z.rtcm3")).size).toBe(kept * frame1006().length);
  archive.put("b", frame1006(), T0);
  await archive.close();
  expect(statSync(path("b", "2026-11-23T03Z.rtcm3")).size).toBe((kept + 1) * frame1006().length);
});

test("a disk that fails is told once, and written again when it works", async () => {
  put(1, "b"); // a file where the folder should be
  const archive = archiveOf();
  for (let i = 0; i < 2; i += 1) {
    archive.put("b", frame1006(), T0);
    await archive.close();
  }
  expect(lines).toHaveLength(1);
  expect(metrics.get("azemichi_relay_archive_dropped_frames_total", { why: "write-failed" })).toBe(2);
  rmSync(path("b"));
  archive.put("b", frame1006(), T0);
  await archive.close();
  expect(await archive.list("b")).toHaveLength(1);
});
