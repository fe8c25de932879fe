import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { UplinkOutcome } from "../../core/domain/ledger.ts";
import { outboxDepth, readLedger } from "../../store/ledger-reader.ts";
import { makeReading, T0_MS } from "../support/make-reading.ts";
import { type ReadingsDb, temporaryReadingsDb } from "../support/readings-db.ts";

/** A journal as the ledger sees it: the source of each seq from 1 on. */
const journalOf = (sources: readonly string[]) => ({
  pendingAfter(cursor: number): Map<string, number> {
    const counts = new Map<string, number>();
    for (const source of sources.slice(cursor)) counts.set(source, (counts.get(source) ?? 0) + 1);
    return counts;
  },
});

describe("the ledger", () => {
  let file: ReadingsDb;
  beforeEach(() => {
    file = temporaryReadingsDb();
  });
  afterEach(() => file.close());

  const book = (source: string, outcome: UplinkOutcome, n: number) => file.db.prepare("INSERT INTO ledger VALUES (?, ?, ?)").run(source, outcome, n);
  const moveCursor = (cursor: number) => file.db.prepare("UPDATE progress SET cursor = ?").run(cursor);

  test("is all pending before readings.db exists", () => {
    expect(readLedger(undefined, journalOf(["chirpstack", "direct", "direct"]))).toEqual({
      total: { received: 3, stored: 0, duplicate: 0, rejected: 0, quarantined: 0, pending: 3 },
      bySource: {
        chirpstack: { received: 1, stored: 0, duplicate: 0, rejected: 0, quarantined: 0, pending: 1 },
        direct: { received: 2, stored: 0, duplicate: 0, rejected: 0, quarantined: 0, pending: 2 },
      },
      influx: { sent: 0, backlog: 0, refused: 0, lastError: null },
    });
  });

  test("adds what is processed and what is pending, per source and in total", () => {
    book("chirpstack", "stored", 5);
    book("chirpstack", "duplicate", 2);
    book("direct", "quarantined", 1);
    moveCursor(8);
    const { total, bySource } = readLedger(file.db, journalOf([...Array<string>(8).fill("chirpstack"), "tts", "direct"]));
    expect(total).toEqual({ received: 10, stored: 5, duplicate: 2, rejected: 0, quarantined: 1, pending: 2 });
    expect(bySource).toEqual({
      chirpstack: { received: 7, stored: 5, duplicate: 2, rejected: 0, quarantined: 0, pending: 0 },
      direct: { received: 2, stored: 0, duplicate: 0, rejected: 0, quarantined: 1, pending: 1 },
      tts: { received: 1, stored: 0, duplicate: 0, rejected: 0, quarantined: 0, pending: 1 },
    });
  });

  test("balances whatever is in it, also for sources with odd names", () => {
    const source = fc.constantFrom("chirpstack", "direct", "__proto__", "constructor", "");
    const outcome = fc.constantFrom<UplinkOutcome>("stored", "duplicate", "rejected", "quarantined");
    fc.assert(
      fc.property(fc.array(fc.tuple(source, outcome, fc.nat(1000))), fc.array(source), (booked, pending) => {
        file.db.exec("DELETE FROM ledger");
        const sum = file.db.prepare("INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n");
        for (const [s, o, n] of booked) sum.run(s, o, n);
        moveCursor(0);
        const { total, bySource } = readLedger(file.db, journalOf(pending));
        for (const c of [total, ...Object.values(bySource)]) expect(c.received).toBe(c.stored + c.duplicate + c.rejected + c.quarantined + c.pending);
        expect(total.received).toBe(booked.reduce((all, [, , n]) => all + n, 0) + pending.length);
        expect(Object.values(bySource).reduce((all, c) => all + c.received, 0)).toBe(total.received);
      }),
      { numRuns: 50 },
    );
  });

  test("takes cursor and outcomes from one moment, and pending beyond that cursor", () => {
    book("direct", "stored", 1);
    moveCursor(1);
    const journal = journalOf(["direct", "direct"]);
    const { total } = readLedger(file.db, {
      pendingAfter(cursor) {
        file.db.exec("UPDATE ledger SET n = 2"); // the field role goes on while we count
        moveCursor(2);
        return journal.pendingAfter(cursor);
      },
    });
    expect(total).toMatchObject({ received: 2, stored: 1, pending: 1 });
  });

  test("tells what InfluxDB has, what waits for it and why", async () => {
    await file.write(
      [0, 1, 2, 3].map((i) => makeReading({ timeMs: T0_MS + i })),
      "outbox",
    );
    file.db.exec("DELETE FROM outbox WHERE seq <= 1; UPDATE influx_progress SET sent = 1, last_error = 'ECONNREFUSED'");
    expect(readLedger(file.db, journalOf([])).influx).toEqual({ sent: 1, backlog: 3, refused: 0, lastError: "ECONNREFUSED" });
    file.db.exec("DELETE FROM outbox");
    expect(outboxDepth(file.db)).toBe(0);
  });
});
