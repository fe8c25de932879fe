import { equalSecrets, hashPassword, tokenDigest, verifyPassword } from "../core/runtime/secrets.ts";
import type { SiteFile } from "../core/wire/site-file.ts";
import { hasMask, SECRET_MASK, withKeptSecret, withoutSecret } from "../core/wire/upstream-address.ts";
import type { SiteIssue } from "./site-check.ts";

type Users = NonNullable<SiteFile["users"]>[number];
type Devices = NonNullable<SiteFile["devices"]>[number];
type Networks = NonNullable<SiteFile["networks"]>[number];
type Bases = NonNullable<SiteFile["bases"]>[number];
type Rovers = NonNullable<SiteFile["rovers"]>[number];

/** What is known of an entry already: its stored form, and the digest beside it. */
export interface Known<E> {
  readonly entry: E | undefined;
  readonly digest: string | null;
}
export interface Sealed<E> {
  readonly entry: E;
  readonly digest: string | null;
}

/** People's passwords of the web: argon2id alone; a fast digest beside it would undo it. */
export async function sealUser(user: Users, known: Known<Users>): Promise<Sealed<Users>> {
  const { password, ...rest } = user;
  const before = known.entry?.passwordHash;
  if (password === undefined)
    return { entry: { ...rest, ...((user.passwordHash ?? before) ? { passwordHash: user.passwordHash ?? before } : {}) }, digest: null };
  const same = before !== undefined && (await verifyPassword(password, before));
  return { entry: { ...rest, passwordHash: same ? before : await hashPassword(password) }, digest: null };
}

/** argon2id, and a digest under the folder's key so that 200 rovers reconnecting at once cost no 200 argon2 runs. */
async function sealPassword(
  password: string | undefined,
  given: string | undefined,
  known: { hash: string | undefined; digest: string | null },
  key: Uint8Array,
): Promise<{ hash: string | undefined; digest: string | null }> {
  if (password === undefined) {
    const hash = given ?? known.hash;
    return { hash, digest: hash === known.hash ? known.digest : null };
  }
  const digest = tokenDigest(key, password);
  if (known.hash !== undefined && known.digest !== null && equalSecrets(digest, known.digest)) return { hash: known.hash, digest };
  return { hash: await hashPassword(password), digest };
}

export async function sealBase(base: Bases, known: Known<Bases>, key: Uint8Array): Promise<Sealed<Bases>> {
  const { sourcePassword, sourcePasswordHash, ...rest } = base;
  const { hash, digest } = await sealPassword(sourcePassword, sourcePasswordHash, { hash: known.entry?.sourcePasswordHash, digest: known.digest }, key);
  return { entry: { ...rest, ...(hash === undefined ? {} : { sourcePasswordHash: hash }) }, digest };
}

export async function sealRover(rover: Rovers, known: Known<Rovers>, key: Uint8Array): Promise<Sealed<Rovers>> {
  const { password, passwordHash, ...rest } = rover;
  const { hash, digest } = await sealPassword(password, passwordHash, { hash: known.entry?.passwordHash, digest: known.digest }, key);
  return { entry: { ...rest, ...(hash === undefined ? {} : { passwordHash: hash }) }, digest };
}

/** Tokens of machines: an HMAC under the folder's key, checked in microseconds when 10,000 devices reconnect. */
function sealAccount(account: Devices["mqtt"], before: Devices["mqtt"], key: Uint8Array): Devices["mqtt"] {
  if (!account) return account;
  const hash = account.password === undefined ? (account.tokenHash ?? before?.tokenHash) : tokenDigest(key, account.password);
  return { username: account.username, ...(hash === undefined ? {} : { tokenHash: hash }) };
}

export function sealDevice(device: Devices, known: Known<Devices>, key: Uint8Array): Sealed<Devices> {
  return { entry: { ...device, ...(device.mqtt ? { mqtt: sealAccount(device.mqtt, known.entry?.mqtt, key) } : {}) }, digest: null };
}

export function sealNetwork(network: Networks, known: Known<Networks>, key: Uint8Array): Sealed<Networks> {
  const { hookToken, hookTokenHash, ...rest } = network;
  const hook = hookToken ? tokenDigest(key, hookToken) : (hookTokenHash ?? known.entry?.hookTokenHash);
  return {
    entry: { ...rest, ...(network.mqtt ? { mqtt: sealAccount(network.mqtt, known.entry?.mqtt, key) } : {}), ...(hook ? { hookTokenHash: hook } : {}) },
    digest: null,
  };
}

/** An entry without any hash: what may be shown to who edits it. Left out when it is put back, a secret stays what it was. */
export function withoutHashes(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { passwordHash: _password, sourcePasswordHash: _source, hookTokenHash: _hook, ...rest } = entry;
  const account = rest["mqtt"] as { readonly username: string } | null | undefined;
  return account ? { ...rest, mqtt: { username: account.username } } : rest;
}

/** The addresses of an entry that may hold another system's password: that one we must know, so it cannot be a hash. */
const ADDRESSES = { bases: "pull", networks: "url" } as const satisfies Partial<Record<keyof SiteFile, string>>;

/** As it leaves this machine: passwords inside addresses are masked. */
export function withoutAddressSecrets(file: SiteFile): SiteFile {
  const shown: SiteFile = { ...file };
  if (file.bases) shown.bases = file.bases.map((b) => (b.pull ? { ...b, pull: withoutSecret(b.pull) } : b));
  if (file.networks) shown.networks = file.networks.map((n) => (n.url ? { ...n, url: withoutSecret(n.url) } : n));
  return shown;
}

/**
 * A masked password in a document stands for the one that is kept under the same id, user name and host. Changes nothing of what it is
 * given; `issues` names the masks behind which nothing is kept.
 */
export function withKeptAddressSecrets(document: unknown, stored: SiteFile): { document: unknown; issues: SiteIssue[] } {
  const issues: SiteIssue[] = [];
  if (typeof document !== "object" || document === null) return { document, issues };
  const filled: Record<string, unknown> = { ...document };
  for (const [kind, key] of Object.entries(ADDRESSES)) {
    const entries = filled[kind];
    if (!Array.isArray(entries)) continue;
    const kept = new Map((stored[kind as "bases" | "networks"] ?? []).map((entry) => [entry.id, (entry as Record<string, unknown>)[key]]));
    filled[kind] = entries.map((entry: unknown, i) => {
      const address = (entry as Record<string, unknown> | null)?.[key];
      if (typeof address !== "string" || !hasMask(address)) return entry;
      const whole = withKeptSecret(address, kept.get((entry as { id: string }).id) as string | undefined);
      if (whole === null)
        issues.push({
          path: `${kind}[${i}].${key}`,
          message: `${SECRET_MASK} stands for a password that is kept for this user and host, and there is none: write it out`,
        });
      return { ...(entry as object), [key]: whole ?? address };
    });
  }
  return { document: filled, issues };
}
