import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { User } from "../core/domain/site.ts";
import type { Migrations } from "../core/runtime/sqlite.ts";
import { transaction } from "../core/runtime/sqlite.ts";

export const sessionsMigrations: Migrations = [
  `CREATE TABLE session (
     token_hash TEXT PRIMARY KEY,   -- SHA-256 of 256 random bits: a stolen file opens no session
     user_id TEXT NOT NULL,
     password_mark TEXT NOT NULL,   -- of the password hash at log-in: a new password ends the old sessions
     created_ms INTEGER NOT NULL,
     seen_ms INTEGER NOT NULL       -- written at most once an hour
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX session_user ON session(user_id, seen_ms);
   CREATE INDEX session_seen ON session(seen_ms);`,
];

export const SESSION_DAYS = 30;
const SESSION_MS = SESSION_DAYS * 86_400_000;
const TOUCH_EVERY_MS = 3_600_000;

export interface SessionLimits {
  readonly perUser: number; // beyond it the least recently used session of the user ends
  readonly total: number; // likewise over all users
}

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
const markOf = (user: User): string => sha256(user.passwordHash ?? "").slice(0, 16);

/** Log-ins that outlive a restart of the process. Expire 30 days after they were last used. */
export class Sessions {
  readonly #db: DatabaseSync;
  readonly #options: { nowMs: () => number; newToken: () => string; limits: SessionLimits };

  constructor(db: DatabaseSync, options: { nowMs: () => number; newToken: () => string; limits?: SessionLimits }) {
    this.#db = db;
    this.#options = { limits: { perUser: 20, total: 20_000 }, ...options };
  }

  /** The token for the cookie; it is kept nowhere else. */
  open(user: User): string {
    const { nowMs, newToken, limits } = this.#options;
    const token = newToken();
    const now = nowMs();
    transaction(this.#db, () => {
      this.#db.prepare("DELETE FROM session WHERE seen_ms <= ?").run(now - SESSION_MS);
      this.#db.prepare("INSERT INTO session VALUES (?, ?, ?, ?, ?)").run(sha256(token), user.id, markOf(user), now, now);
      this.#db
        .prepare(
          "DELETE FROM session WHERE token_hash IN (SELECT token_hash FROM session WHERE user_id = ? ORDER BY seen_ms DESC, created_ms DESC LIMIT -1 OFFSET ?)",
        )
        .run(user.id, limits.perUser);
      this.#db
        .prepare("DELETE FROM session WHERE token_hash IN (SELECT token_hash FROM session ORDER BY seen_ms DESC, created_ms DESC LIMIT -1 OFFSET ?)")
        .run(limits.total);
    });
    return token;
  }

  /** Whose token it is; undefined when unknown, expired, or the user is gone or has another password since. */
  userOf(token: string, userById: (id: string) => User | undefined): User | undefined {
    const hash = sha256(token);
    const row = this.#db.prepare("SELECT user_id AS userId, password_mark AS mark, seen_ms AS seenMs FROM session WHERE token_hash = ?").get(hash) as
      | { userId: string; mark: string; seenMs: number }
      | undefined;
    if (!row) return undefined;
    const now = this.#options.nowMs();
    const user = userById(row.userId);
    if (!user || markOf(user) !== row.mark || row.seenMs <= now - SESSION_MS) return undefined;
    if (now - row.seenMs > TOUCH_EVERY_MS) this.#db.prepare("UPDATE session SET seen_ms = ? WHERE token_hash = ?").run(now, hash);
    return user;
  }

  close(token: string): void {
    this.#db.prepare("DELETE FROM session WHERE token_hash = ?").run(sha256(token));
  }

  count(): number {
    return (this.#db.prepare("SELECT count(*) AS n FROM session").get() as { n: number }).n;
  }
}
