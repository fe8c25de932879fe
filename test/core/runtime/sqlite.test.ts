import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openForReading, openForWriting, transaction } from "../../../core/runtime/sqlite.ts";

const V1 = ["CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1)"];
const V2 = [...V1, "ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET b = 'two'"];
const fresh = (): string => join(mkdtempSync(join(tmpdir(), "azemichi-sqlite-")), "some.db");
const rows = (path: string): unknown[] => {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db
      .prepare("SELECT * FROM t")
      .all()
      .map((row) => ({ ...row }));
  } finally {
    db.close();
  }
};

describe("schema versions", () => {
  test("a new file gets every migration; an old one those that it lacks, after a snapshot", () => {
    const path = fresh();
    openForWriting(path, V1).close();
    expect(existsSync(`${path}.v1.bak`)).toBe(false);
    openForWriting(path, V2).close();
    expect(rows(path)).toEqual([{ a: 1, b: "two" }]);
    expect(rows(`${path}.v1.bak`)).toEqual([{ a: 1 }]);
  });

  test("a migration that fails changes nothing", () => {
    const path = fresh();
    openForWriting(path, V1).close();
    expect(() => openForWriting(path, [...V1, "UPDATE t SET a = 2; SELECT * FROM nowhere"])).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
    expect(rows(path)).toEqual([{ a: 1 }]);
    openForWriting(path, V2).close();
  });

  test("a newer file is refused with a sentence, and left as it is", () => {
    const path = fresh();
    openForWriting(path, V2).close();
    expect(() => openForWriting(path, V1)).toThrow(expect.objectContaining({ code: "SCHEMA_NEWER", message: expect.stringMatching(/newer Azemichi/) }));
    expect(openForReading(path, V1)).toBeUndefined();
    expect(rows(path)).toEqual([{ a: 1, b: "two" }]);
  });

  test("a reader waits for the writer's file, and for its schema", () => {
    const path = fresh();
    expect(openForReading(path, V2)).toBeUndefined();
    openForWriting(path, V1).close();
    expect(openForReading(path, V2)).toBeUndefined();
    openForWriting(path, V2).close();
    openForReading(path, V2)?.close();
  });

  test("every commit is synced, in a write-ahead log", () => {
    const db = openForWriting(fresh(), V1);
    expect(db.prepare("PRAGMA journal_mode").get()).toMatchObject({ journal_mode: "wal" });
    expect(db.prepare("PRAGMA synchronous").get()).toMatchObject({ synchronous: 2 });
    db.close();
  });

  test("an error in a transaction takes all of it back", () => {
    const db = openForWriting(fresh(), V1);
    expect(() =>
      transaction(db, () => {
        db.exec("UPDATE t SET a = 5");
        throw new TypeError("no");
      }),
    ).toThrow("no");
    expect(db.prepare("SELECT a FROM t").get()).toMatchObject({ a: 1 });
    expect(transaction(db, () => 7)).toBe(7);
    db.close();
  });
});
