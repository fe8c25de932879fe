import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Sessions, sessionsMigrations } from "../../api/sessions.ts";
import type { User } from "../../core/domain/site.ts";
import { newToken } from "../../core/runtime/secrets.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { catalog } from "./town.ts";

const DAY = 86_400_000;
const users = catalog().users;
const sato = users.find((u) => u.username === "sato") as User;
const staff = users.find((u) => u.username === "staff") as User;
const byId = (id: string) => users.find((u) => u.id === id);

let folder: string;
let clock: { ms: number };
let db: DatabaseSync;
const open = (limits = { perUser: 3, total: 5 }) => new Sessions(db, { nowMs: () => clock.ms, newToken, limits });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-sessions-"));
  clock = { ms: 1_800_000_000_000 };
  db = openForWriting(join(folder, "sessions.db"), sessionsMigrations);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

test("a session survives a restart, and its token stands nowhere on disk", () => {
  const token = open().open(sato);
  db.close();
  db = openForWriting(join(folder, "sessions.db"), sessionsMigrations);
  expect(open().userOf(token, byId)).toEqual(sato);
  const raw = new DatabaseSync(join(folder, "sessions.db"), { readOnly: true });
  expect(JSON.stringify(raw.prepare("SELECT * FROM session").all())).not.toContain(token);
  raw.close();
});

test("expires 30 days after its last use, not after its log-in", () => {
  const sessions = open();
  const token = sessions.open(sato);
  clock.ms += 29 * DAY;
  expect(sessions.userOf(token, byId)).toEqual(sato);
  clock.ms += 29 * DAY;
  expect(sessions.userOf(token, byId)).toEqual(sato);
  clock.ms += 30 * DAY;
  expect(sessions.userOf(token, byId)).toBeUndefined();
  sessions.open(staff);
  expect(sessions.count()).toBe(1); // the expired one is swept
});

test.each([
  ["a stranger's token", (_: Sessions) => "no such token", byId],
  ["a user who is gone", (s: Sessions) => s.open(sato), () => undefined],
  ["a new password", (s: Sessions) => s.open(sato), () => ({ ...sato, passwordHash: "another" })],
  [
    "a log-out",
    (s: Sessions) => {
      const token = s.open(sato);
      s.close(token);
      return token;
    },
    byId,
  ],
])("opens nothing: %s", (_, tokenOf, userById) => {
  const sessions = open();
  expect(sessions.userOf(tokenOf(sessions), userById)).toBeUndefined();
});

test("beyond the limits the least recently used session ends: the user's own first, then anybody's", () => {
  const sessions = open();
  const tokens = Array.from({ length: 4 }, () => {
    clock.ms += 1;
    return sessions.open(sato);
  });
  expect(tokens.map((t) => sessions.userOf(t, byId)?.username)).toEqual([undefined, "sato", "sato", "sato"]);
  const others = users.slice(1, 4).map((u) => {
    clock.ms += 1;
    return sessions.open(u);
  });
  expect(sessions.count()).toBe(5);
  expect(sessions.userOf(tokens[1] as string, byId)).toBeUndefined();
  expect(others.every((t) => sessions.userOf(t, byId) !== undefined)).toBe(true);
});
