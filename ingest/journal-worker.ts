import { closeSync, fsyncSync, openSync, statfsSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { openForWriting, transaction } from "../core/runtime/sqlite.ts";
import { NUMBERS_PER_ROW } from "./journal-batch.ts";
import type { JournalAnswer, JournalRequest, JournalWorkerData, PackedUplinks } from "./journal-protocol.ts";
import { journalMigrations } from "./journal-schema.ts";

/** The journal's own thread: it alone writes journal.db, so that a slow disk never holds up the broker's sockets. */
const SPACE_CHECK_MS = 1000;
/** One statement for so many rows costs a third less than one for each (the running number is looked up and kept once). */
const ROWS_PER_STATEMENT = 32;
const COLUMNS = 5;
const INSERT = "INSERT INTO uplink (received_ms, source, topic, payload, dup) VALUES ";
const ROW = "(?, ?, ?, ?, ?)";

class JournalWriter {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #insertMany: StatementSync;
  readonly #many: (number | string | Uint8Array)[] = new Array(ROWS_PER_STATEMENT * COLUMNS).fill(0);
  readonly #one: (number | string | Uint8Array)[] = new Array(COLUMNS).fill(0);
  readonly #options: JournalWorkerData;
  #checkedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: JournalWorkerData) {
    this.#options = options;
    this.#db = openForWriting(options.path, journalMigrations);
    syncFolder(dirname(options.path));
    this.#numberAfter(options.numberAfter);
    this.#insert = this.#db.prepare(INSERT + ROW);
    this.#insertMany = this.#db.prepare(INSERT + new Array(ROWS_PER_STATEMENT).fill(ROW).join(", "));
  }

  /** A journal that was removed, or restored from an older copy, must not give out numbers again that are processed already. */
  #numberAfter(seq: number): void {
    transaction(this.#db, () => {
      const { changes } = this.#db.prepare("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'uplink'").run(seq);
      if (Number(changes) === 0) this.#db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('uplink', ?)").run(seq);
    });
  }

  answer(request: JournalRequest): JournalAnswer {
    try {
      switch (request.kind) {
        case "append":
          return { kind: "appended", lastSeq: this.#append(request.uplinks), memory: { bytes: request.uplinks.bytes, numbers: request.uplinks.numbers } };
        case "probe":
          return { kind: "probed", ...this.#probe() };
        case "prune":
          return { kind: "pruned", removed: this.#prune(request) };
        case "close":
          this.#db.close();
          return { kind: "closed" };
      }
    } catch (error) {
      return { kind: "failed", message: (error as Error).message, ...(request.kind === "probe" ? this.#space() : {}) };
    }
  }

  /** One transaction, one sync; the answer that leaves this thread afterwards is what releases the acknowledgements. */
  #append(uplinks: PackedUplinks): number {
    this.#demandSpace();
    return transaction(this.#db, () => {
      let at = 0;
      let seq: number | bigint = 0;
      for (let row = 0; row < uplinks.rows; ) {
        const many = uplinks.rows - row >= ROWS_PER_STATEMENT;
        const values = many ? this.#many : this.#one;
        for (let i = 0; i < values.length; i += COLUMNS, row += 1) at = fill(values, i, uplinks, row, at);
        seq = (many ? this.#insertMany : this.#insert).run(...values).lastInsertRowid;
      }
      return Number(seq);
    });
  }

  #demandSpace(): void {
    const nowMs = performance.now();
    if (nowMs - this.#checkedAtMs < SPACE_CHECK_MS) return;
    const { freeBytes } = this.#space();
    if (freeBytes < this.#options.freeBytesMin)
      throw new Error(
        `only ${Math.floor(freeBytes / 2 ** 20)} MB free on the disk of ${this.#options.path}; uplinks are refused below ${Math.floor(this.#options.freeBytesMin / 2 ** 20)} MB`,
      );
    this.#checkedAtMs = nowMs;
  }

  #space(): { freeBytes: number } {
    const { bavail, bsize } = statfsSync(dirname(this.#options.path));
    return { freeBytes: bavail * bsize };
  }

  /** A real synced write, since free space alone says nothing of a disk that went read-only. */
  #probe(): { freeBytes: number } {
    this.#checkedAtMs = Number.NEGATIVE_INFINITY;
    this.#demandSpace();
    this.#db.prepare("INSERT INTO probe VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms").run(Date.now());
    return this.#space();
  }

  #prune({ receivedBeforeMs, upToSeq, max }: Extract<JournalRequest, { kind: "prune" }>): number {
    const found = this.#db
      .prepare("DELETE FROM uplink WHERE seq IN (SELECT seq FROM uplink WHERE received_ms < ? AND seq <= ? ORDER BY received_ms LIMIT ?)")
      .run(receivedBeforeMs, upToSeq, max);
    return Number(found.changes);
  }
}

/** Sets the columns of a row whose payload begins at `at`. Returns where it ends. */
function fill(values: (number | string | Uint8Array)[], i: number, { numbers, bytes, topics, sources }: PackedUplinks, row: number, at: number): number {
  const n = row * NUMBERS_PER_ROW;
  const end = at + (numbers[n + 1] as number);
  const sourceAndDup = numbers[n + 3] as number;
  values[i] = numbers[n] as number;
  values[i + 1] = sources[sourceAndDup >> 1] as string;
  values[i + 2] = topics[numbers[n + 2] as number] as string;
  values[i + 3] = bytes.subarray(at, end);
  values[i + 4] = sourceAndDup & 1;
  return end;
}

/** A file that was just made is only there for good when its folder is synced too. */
function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

const port = parentPort;
if (port) {
  const writer = new JournalWriter(workerData as JournalWorkerData);
  port.postMessage({ kind: "open" } satisfies JournalAnswer);
  flushCompileCache();
  port.on("message", (request: JournalRequest) => {
    const answer = writer.answer(request);
    port.postMessage(answer, answer.kind === "appended" ? [answer.memory.bytes.buffer, answer.memory.numbers.buffer] : []);
    if (request.kind === "close") port.close();
  });
}
