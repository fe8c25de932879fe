import { statSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { openSqliteReader, type SqliteReader } from "../../store/sqlite-reader.ts";
import { makeReading, T0_MS } from "../support/make-reading.ts";
import { type ReadingsDb, temporaryReadingsDb } from "../support/readings-db.ts";
import { eventually } from "../support/service.ts";
import { type TestApi, testApi } from "./api-fixture.ts";

const ROWS = 120_000; // 15 MB of CSV: more than the kernel buffers for a client that does not read
const PAGE_BYTES = 4096;
const CHECKPOINT_PAGES = 100;

let file: ReadingsDb;
let reader: SqliteReader;
let t: TestApi;
let client: Socket;
let rowsGiven = 0;
let logged: string[] = [];

beforeEach(async () => {
  rowsGiven = 0;
  logged = [];
  file = temporaryReadingsDb();
  await file.write([makeReading()]);
  file.db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA synchronous = OFF;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS - 1})
    INSERT INTO reading SELECT 1, ${T0_MS} + i * 1000, i / 10.0, 1, 1, 0, 0, 0, 0 FROM n; PRAGMA wal_checkpoint(TRUNCATE)`);
  reader = openSqliteReader(file.path);
  t = await testApi({
    log: createLog({ level: "info", write: (line) => void logged.push(line) }),
    telemetry: {
      latest: (filter) => reader.latest(filter),
      series: (query) => reader.series(query),
      async *rows(query) {
        for await (const row of reader.rows(query)) {
          rowsGiven += 1;
          yield row;
        }
      },
    },
  });
});
afterEach(async () => {
  client.destroy();
  await t.close();
  await reader.close();
  file.close();
});

/** Asks for an export, and stops reading once the first rows are here. Returns what tells all that was received. */
async function pausedExport(): Promise<() => string> {
  await t.app.listen({ host: "127.0.0.1", port: 0 });
  const cookie = await t.cookieOf("admin");
  client = connect((t.app.server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {}); // cut off: `close` follows
  client.write(`GET /api/v1/export/readings.csv HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`);
  const pieces: string[] = [];
  client.setEncoding("utf8");
  client.on("data", (text: string) => pieces.push(text));
  await eventually(() => pieces.length > 0, { timeoutMs: 10_000, what: "the first rows" });
  client.pause();
  let [known, still] = [0, 0];
  await eventually(
    () => {
      still = rowsGiven === known ? still + 1 : 0;
      known = rowsGiven;
      return still >= 10;
    },
    { timeoutMs: 20_000, what: "the export to wait for its client" },
  );
  return () => pieces.join("");
}

/** Rewrites the same readings again and again; returns how large the write-ahead log became, bytes. */
function walAfterWriting(): number {
  for (let round = 0; round < 60; round += 1) file.db.exec(`UPDATE reading SET flag = ${1 + (round % 3)} WHERE time_ms < ${T0_MS + 2_000_000}`);
  return statSync(`${file.path}-wal`).size;
}

test("a client that stops reading an export holds no readings, so the log does not grow; once it reads on it gets every row", async () => {
  const body = await pausedExport();
  expect(rowsGiven).toBeLessThan(ROWS);
  expect(walAfterWriting()).toBeLessThan(5 * CHECKPOINT_PAGES * PAGE_BYTES);

  const other = new DatabaseSync(file.path, { readOnly: true });
  other.exec("BEGIN; SELECT 1 FROM reading LIMIT 1"); // the same writes beside an open read: what it would be
  expect(walAfterWriting()).toBeGreaterThan(10 * CHECKPOINT_PAGES * PAGE_BYTES);
  other.close();

  const ended = new Promise((resolve) => client.once("close", resolve));
  client.resume();
  await ended;
  expect(
    body()
      .split("\n")
      .filter((line) => line.startsWith("kita-3-level,")).length,
  ).toBe(ROWS);
}, 120_000);

test("a client that leaves in the middle of an export is no error of ours", async () => {
  await pausedExport();
  client.destroy();
  await eventually(() => logged.some((line) => line.includes("broken off")), { timeoutMs: 10_000, what: "the export to be broken off" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(logged.filter((line) => line.includes('"error","event"') || line.includes("request failed"))).toEqual([]);
});

test("a client that takes nothing for five minutes gives its place to others", async () => {
  await pausedExport();
  t.clock.ms += 299_000;
  const cookie = await t.cookieOf("admin");
  for (let i = 0; i < 2; i += 1) expect((await t.app.inject({ url: "/api/v1/export/readings.csv?to=2020-01-01", headers: { cookie } })).statusCode).toBe(200);
  expect(client.readyState).toBe("open");
  const ended = new Promise((resolve) => client.once("close", resolve));
  t.clock.ms += 2000;
  await eventually(() => t.metrics.samples().some(([name]) => name === "azemichi_web_exports_stalled_total"), {
    timeoutMs: 10_000,
    what: "the export to be broken off",
  });
  client.resume();
  await ended;
  expect(rowsGiven).toBeLessThan(ROWS);
}, 120_000);
