import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { openJournal } from "../../ingest/journal-reader.ts";
import { readLedger } from "../../store/ledger-reader.ts";
import { type FieldProcess, fieldSiteOf } from "../support/field-process.ts";
import { describeNeeding, sharedPath } from "../support/requirements.ts";
import { eventually, freshFolder } from "../support/service.ts";

const KILLS = 5;
const PUBLISHERS = 5;
const COUNT = 12_000;
const BETWEEN_KILLS = 1500; // uplinks journaled
const started: FieldProcess[] = [];
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
});

const devEui = (i: number): string => (0xbe4c000000000000n + BigInt(i)).toString(16);
const site = {
  site: { id: "crash" },
  devices: Array.from({ length: PUBLISHERS }, (_, i) => ({ id: `level-${i}`, devEui: devEui(i), profile: "dragino-ldds75" })),
  networks: [{ id: "net1", mqtt: { username: "net1", password: "secret-of-a-test" } }],
};

/** Loads the broker and writes `devEui fCnt` of each acknowledged uplink: the oracle. */
function load(port: number, ackedPath: string): Promise<{ acked_in_all: number; reconnects: number }> {
  const options = { port, payload: "chirpstack", topic: "application/bench/device/{devEui}/event/up", "client-id": "net1-{i}", user: "net1" };
  const more = { password: "secret-of-a-test", publishers: PUBLISHERS, window: 200, count: COUNT, rate: 2500, "dup-share": 0.3, acked: ackedPath };
  const args = Object.entries({ ...options, ...more }).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const child = spawn(process.execPath, [sharedPath("bench/mqttload.mjs"), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => (code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`mqttload ended with ${code}`))));
  });
}

describeNeeding(["shared"], "kill -9 under load", () => {
  test("every acknowledged uplink is a reading with its own value, once; the ledger balances", { timeout: 120_000 }, async () => {
    const field = await fieldSiteOf(site);
    let current = await field.start();
    started.push(current);
    const journal = openJournal(field.folder);
    if (!journal) throw new Error("no journal");
    const ackedPath = join(freshFolder("acked"), "acked.txt");
    const loading = load(field.port, ackedPath);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const from = journal.lastSeq();
      await eventually(() => journal.lastSeq() >= from + BETWEEN_KILLS, { timeoutMs: 30_000, what: "uplinks in the journal" });
      current.child.kill("SIGKILL");
      await current.exit;
      current = await field.start();
      started.push(current);
    }
    const report = await loading;
    expect(report.reconnects).toBeGreaterThanOrEqual(KILLS);
    const db = new DatabaseSync(join(field.folder, "readings.db"), { readOnly: true });
    await eventually(() => readLedger(db, journal).total.pending === 0, { timeoutMs: 60_000, what: "all uplinks to be processed" });

    const acked = readFileSync(ackedPath, "utf8").trim().split("\n");
    expect(acked.length).toBeGreaterThanOrEqual(COUNT);
    const unique = new Set(acked);
    const rows = db
      .prepare("SELECT s.device, r.f_cnt AS fCnt, r.value FROM reading r JOIN series s ON s.id = r.series WHERE s.quantity = 'water.distance'")
      .all();
    const values = new Map<string, number[]>();
    for (const { device, fCnt, value } of rows as { device: string; fCnt: number; value: number }[]) {
      const key = `${device} ${fCnt}`;
      values.set(key, [...(values.get(key) ?? []), value]);
    }
    const wrong = [...unique].filter((line) => {
      const [eui, fCnt] = line.split(" ") as [string, string];
      const found = values.get(`level-${Number(BigInt(`0x${eui}`) & 0xffffn)} ${fCnt}`);
      return found?.length !== 1 || found[0] !== 300 + (Number(fCnt) % 4000);
    });
    expect(wrong).toEqual([]);

    const { total, bySource } = readLedger(db, journal);
    expect(total.received).toBe(journal.lastSeq());
    expect(total.stored + total.duplicate).toBe(total.received);
    expect(bySource["net1"]).toEqual(total);
    expect(rows).toHaveLength(total.stored);
    expect(total.stored).toBeGreaterThanOrEqual(unique.size);
    db.close();
    journal.close();

    current.child.kill("SIGTERM");
    expect(await current.exit).toBe(0);
  });
});
