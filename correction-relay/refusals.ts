/** Why a rover's account was not let in, for its diagnosis. The password itself is never told. */
export type RefusalReason =
  | "wrong-password"
  | "back-off" // too many different wrong passwords from this address
  | "expired"
  | "not-this-mount" // the account may not use it
  | "unknown-mount" // unverified: the table is sent to anyone
  | "sessions" // `maxSessions` live ones
  | "busy"; // too many passwords are being verified

export interface RefusedLogin {
  readonly atMs: number;
  readonly username: string; // as the account has it
  readonly roverId: string;
  readonly mount: string;
  readonly reason: RefusalReason;
  readonly address: string;
}

const AGAIN_AFTER_MS = 1000;
const KEPT_MAX = 10_000;

/** Passes on each account's refusals, the same one at most once a second: consoles repeat their mistakes. */
export class RefusalReports {
  readonly #refused: (refusal: RefusedLogin) => void;
  readonly #lastMs = new Map<string, number>(); // longest ago first

  constructor(refused: (refusal: RefusedLogin) => void) {
    this.#refused = refused;
  }

  tell(refusal: RefusedLogin): void {
    const key = `${refusal.roverId}|${refusal.reason}`;
    const lastMs = this.#lastMs.get(key);
    if (lastMs !== undefined && refusal.atMs - lastMs < AGAIN_AFTER_MS && refusal.atMs >= lastMs) return;
    this.#lastMs.delete(key);
    this.#lastMs.set(key, refusal.atMs);
    const oldest = this.#lastMs.keys().next().value;
    if (this.#lastMs.size > KEPT_MAX && oldest !== undefined) this.#lastMs.delete(oldest);
    this.#refused(refusal);
  }
}
