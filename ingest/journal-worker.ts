import { closeSync, fsyncSync, openSync, statfsSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { openForWriting, transaction } from "../core/runtime/sqlite.ts";
import type { JournalAnswer, JournalRequest, JournalWorkerData } from "./journal-protocol.ts";
import { journalMigrations } from "./journal-schema.ts";

/** The journal's own thread: it alone writes journal.db, so that a slow disk never holds up the broker's sockets. */
const SPACE_CHECK_MS = 1000;

class JournalWriter {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #options: JournalWorkerData;
  #checkedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: JournalWorkerData) {
    this.#options = options;
    this.#db = openForWriting(options.path, journalMigrations);
    syncFolder(dirname(options.path));
    this.#numberAfter(options.numberAfter);
    this.#insert = this.#db.prepare("INSERT INTO uplink (received_ms, source, topic, payload, dup) VALUES (?, ?, ?, ?, ?)");
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
          return { kind: "appended", lastSeq: this.#append(request) };
        case "probe":
          return { kind: "probed", ...this.#probe() };
        case "prune":
          return { kind: "pruned", removed: this.#prune(request) };
        case "close":
          this.#db.close();
          return { kind: "closed" };
      }
    } catch (error) {
      return { kind: "failed", message: (error as Error).message };
    }
  }

  /** One transaction, one sync; the answer that leaves this thread afterwards is what releases the acknowledgements. */
  #append({ rows, bytes }: Extract<JournalRequest, { kind: "append" }>): number {
    this.#demandSpace();
    return transaction(this.#db, () => {
      let at = 0;
      let seq = 0;
      for (const { receivedAtMs, source, topic, payloadBytes, dup } of rows) {
        const payload = bytes.subarray(at, at + payloadBytes);
        at += payloadBytes;
        seq = Number(this.#insert.run(receivedAtMs, source, topic, payload, dup ? 1 : 0).lastInsertRowid);
      }
      return seq;
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
    port.postMessage(writer.answer(request));
    if (request.kind === "close") port.close();
  });
}
