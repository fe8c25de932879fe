import type { Base, Catalog, Rover, StoredSecret } from "../core/domain/site.ts";
import { decoyHash, equalSecrets, tokenDigest, verifyPassword } from "../core/runtime/secrets.ts";
import type { Credentials } from "../core/wire/ntrip-request.ts";
import { LoginBackoff } from "./login-backoff.ts";
import { VerifiedSecrets } from "./verified-secrets.ts";

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
  readonly verified?: VerifiedSecrets; // absent: what was verified is known again until the process ends
  readonly nowMs: () => number;
  readonly verifications?: typeof VERIFICATIONS;
}

/** Over these a log-in is told to come again. */
export const VERIFICATIONS = {
  atOnce: 2, // argon2id takes 19 MiB and a core's 30 ms each
  waiting: 500,
  ofOneAddress: 250, // so that one guesser does not fill the queue; a carrier's NAT has room, loopback is exempt
};

/**
 * Who may send and who may receive. A secret that was right once is known again by its keyed digest in microseconds,
 * so that all rovers can reconnect at once; argon2id is asked only for what is not known.
 */
export class Accounts {
  readonly #key: Uint8Array;
  readonly #nowMs: () => number;
  readonly #backoff: LoginBackoff;
  readonly #verified: VerifiedSecrets;
  readonly #verifications: typeof VERIFICATIONS;
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #perAddress = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  readonly #decoy = decoyHash(); // verified where there is no account, so that it takes as long

  constructor({ key, verified = VerifiedSecrets.inMemory(), nowMs, verifications = VERIFICATIONS }: AccountsOptions) {
    this.#key = key;
    this.#verified = verified;
    this.#nowMs = nowMs;
    this.#backoff = new LoginBackoff(nowMs);
    this.#verifications = verifications;
  }

  /** NTRIP 2.0's user name is ignored: bases send anything there. */
  async base(base: Base, password: string, peer: Peer): Promise<Verdict<Base>> {
    const verdict = await this.#secret(`base:${base.id}`, base.sourcePassword, password, peer);
    return verdict === "right" ? { kind: "accepted", account: base } : { kind: "refused", reason: verdict };
  }

  async rover(catalog: Catalog, { username, password }: Credentials, peer: Peer): Promise<Verdict<Rover>> {
    const rover = roverNamed(catalog, username);
    const verdict = await this.#secret(`rover:${rover?.username ?? username.slice(0, 128)}`, rover?.password ?? null, password, peer);
    if (verdict !== "right" || rover === undefined) return { kind: "refused", reason: verdict === "right" ? "wrong" : verdict };
    if (rover.expiresOn !== null && isExpired(rover, localDate(this.#nowMs(), catalog.site.timeZone))) return { kind: "refused", reason: "expired" };
    return { kind: "accepted", account: rover };
  }

  async #secret(account: string, stored: StoredSecret | null, password: string, peer: Peer): Promise<"right" | "wrong" | "back-off" | "busy"> {
    const digest = tokenDigest(this.#key, password);
    // A secret that is wrong today is right as soon as the site file says so.
    const attempt = { account, address: peer.address, digest: `${digest}|${stored?.hash ?? ""}` };
    const standing = peer.loopback ? "free" : this.#backoff.standing(attempt);
    if (standing === "known-wrong") return "wrong";
    if (standing === "back-off") return "back-off";
    const known = stored === null ? [] : [stored.digest, this.#verified.digestFor(stored.hash)];
    if (known.some((d) => typeof d === "string" && equalSecrets(d, digest))) return "right";
    const right = await this.#verify({ password, digest, hash: stored?.hash ?? null, peer });
    if (right === "busy") return "busy";
    if (right && stored !== null) {
      this.#verified.remember(stored.hash, digest);
      this.#backoff.succeeded(attempt);
      return "right";
    }
    if (!peer.loopback) this.#backoff.failed(attempt);
    return "wrong";
  }

  /** The same question asked many times at once is answered once. */
  async #verify({ password, digest, hash, peer }: { password: string; digest: string; hash: string | null; peer: Peer }): Promise<boolean | "busy"> {
    const question = `${hash ?? ""}|${digest}`;
    const running = this.#running.get(question);
    if (running) return running;
    const ofAddress = this.#perAddress.get(peer.address) ?? 0;
    const { waiting, ofOneAddress } = this.#verifications;
    if (this.#waiting.length >= waiting || (!peer.loopback && ofAddress >= ofOneAddress)) return "busy";
    this.#perAddress.set(peer.address, ofAddress + 1);
    const answer = this.#inTurn(async () => verifyPassword(password, hash ?? this.#decoy));
    this.#running.set(question, answer);
    try {
      return await answer;
    } finally {
      this.#running.delete(question);
      const left = (this.#perAddress.get(peer.address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(peer.address, left);
      else this.#perAddress.delete(peer.address);
    }
  }

  async #inTurn(work: () => Promise<boolean>): Promise<boolean> {
    if (this.#active >= this.#verifications.atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active += 1;
    try {
      return await work();
    } finally {
      this.#active -= 1;
      this.#waiting.shift()?.();
    }
  }
}

/**
 * The account that a user name means. Consoles that cannot type `@` send `-at-`, and programs that take a user name out of a URL
 * leave `%40` in it: what is exactly right comes first.
 */
export function roverNamed(catalog: Catalog, username: string): Rover | undefined {
  let index = INDEXES.get(catalog);
  if (index === undefined) {
    index = new Map(catalog.rovers.map((rover) => [spokenOut(rover.username), rover]));
    for (const rover of catalog.rovers) index.set(rover.username, rover);
    INDEXES.set(catalog, index);
  }
  return index.get(username) ?? index.get(spokenOut(username));
}
const INDEXES = new WeakMap<Catalog, Map<string, Rover>>();
const spokenOut = (username: string): string => username.replace(/-at-|%40/gi, "@");

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
