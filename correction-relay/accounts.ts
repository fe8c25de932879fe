import type { Base, Catalog, Rover, StoredSecret } from "../core/domain/site.ts";
import { decoyHash, equalSecrets, tokenDigest, verifyPassword } from "../core/runtime/secrets.ts";
import type { Credentials } from "../core/wire/ntrip-request.ts";
import { LoginBackoff } from "./login-backoff.ts";

export type Verdict<T> =
  | { readonly kind: "accepted"; readonly account: T }
  | { readonly kind: "refused"; readonly reason: "wrong" | "expired" | "back-off" | "busy" };

/** Where a log-in comes from. Loopback is exempt from what counts by address. */
export interface Peer {
  readonly address: string;
  readonly loopback: boolean;
}

export interface AccountsOptions {
  readonly key: Uint8Array; // the data folder's
  readonly nowMs: () => number;
}

const VERIFY_AT_ONCE = 2; // argon2id takes 19 MiB and a core's 30 ms each
const VERIFY_WAITING_MAX = 500;
const REMEMBERED_MAX = 50_000;

/**
 * Who may send and who may receive. A secret that was right once is known again by its keyed digest in microseconds,
 * so that all rovers can reconnect at once; argon2id is asked only for what is not known.
 */
export class Accounts {
  readonly #key: Uint8Array;
  readonly #nowMs: () => number;
  readonly #backoff: LoginBackoff;
  readonly #remembered = new Map<string, string>(); // argon2id hash → digest of the secret that fits it
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  readonly #decoy = decoyHash(); // verified where there is no account, so that it takes as long

  constructor({ key, nowMs }: AccountsOptions) {
    this.#key = key;
    this.#nowMs = nowMs;
    this.#backoff = new LoginBackoff(nowMs);
  }

  /** NTRIP 2.0's user name is ignored: bases send anything there. */
  async base(base: Base, password: string, peer: Peer): Promise<Verdict<Base>> {
    const verdict = await this.#secret(`base:${base.id}`, base.sourcePassword, password, peer);
    return verdict === "right" ? { kind: "accepted", account: base } : { kind: "refused", reason: verdict };
  }

  async rover(catalog: Catalog, { username, password }: Credentials, peer: Peer): Promise<Verdict<Rover>> {
    const rover = catalog.rovers.find((r) => r.username === username);
    const verdict = await this.#secret(`rover:${username.slice(0, 128)}`, rover?.password ?? null, password, peer);
    if (verdict !== "right" || rover === undefined) return { kind: "refused", reason: verdict === "right" ? "wrong" : verdict };
    if (isExpired(rover, localDate(this.#nowMs(), catalog.site.timeZone))) return { kind: "refused", reason: "expired" };
    return { kind: "accepted", account: rover };
  }

  async #secret(account: string, stored: StoredSecret | null, password: string, peer: Peer): Promise<"right" | "wrong" | "back-off" | "busy"> {
    const digest = tokenDigest(this.#key, password);
    // A secret that is wrong today is right as soon as the site file says so.
    const attempt = { account, address: peer.address, digest: `${digest}|${stored?.hash ?? ""}` };
    const standing = peer.loopback ? "free" : this.#backoff.standing(attempt);
    if (standing === "known-wrong") return "wrong";
    if (standing === "back-off") return "back-off";
    const known = stored === null ? [] : [stored.digest, this.#remembered.get(stored.hash)];
    if (known.some((d) => typeof d === "string" && equalSecrets(d, digest))) return "right";
    const right = await this.#verify(password, digest, stored?.hash ?? null);
    if (right === "busy") return "busy";
    if (right && stored !== null) {
      this.#remember(stored.hash, digest);
      this.#backoff.succeeded(attempt);
      return "right";
    }
    if (!peer.loopback) this.#backoff.failed(attempt);
    return "wrong";
  }

  /** The same question asked many times at once is answered once. */
  async #verify(password: string, digest: string, hash: string | null): Promise<boolean | "busy"> {
    const question = `${hash ?? ""}|${digest}`;
    const running = this.#running.get(question);
    if (running) return running;
    if (this.#waiting.length >= VERIFY_WAITING_MAX) return "busy";
    const answer = this.#inTurn(async () => verifyPassword(password, hash ?? this.#decoy));
    this.#running.set(question, answer);
    try {
      return await answer;
    } finally {
      this.#running.delete(question);
    }
  }

  async #inTurn(work: () => Promise<boolean>): Promise<boolean> {
    if (this.#active >= VERIFY_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active += 1;
    try {
      return await work();
    } finally {
      this.#active -= 1;
      this.#waiting.shift()?.();
    }
  }

  #remember(hash: string, digest: string): void {
    this.#remembered.delete(hash);
    this.#remembered.set(hash, digest);
    const oldest = this.#remembered.keys().next().value;
    if (this.#remembered.size > REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
  }
}

/** `*` is every mount. */
export const mayUse = (rover: Rover, mount: string): boolean => rover.mounts.includes("*") || rover.mounts.includes(mount);

/** A mount in another form is the same mount to its account. */
export const mayJoin = (rover: Rover, { name, variantOf }: { readonly name: string; readonly variantOf: string | null }): boolean =>
  mayUse(rover, name) || (variantOf !== null && mayUse(rover, variantOf));

/** The last day counts. `today` as `localDate` gives it. */
export const isExpired = (rover: Rover, today: string): boolean => rover.expiresOn !== null && today > rover.expiresOn;

/** `2026-11-23` in the site's time zone. */
export function localDate(nowMs: number, timeZone: string): string {
  let format = FORMATS.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    FORMATS.set(timeZone, format); // one site, one zone: it does not grow
  }
  return format.format(nowMs);
}
const FORMATS = new Map<string, Intl.DateTimeFormat>();
