import { argon2 as argon2Callback, createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const argon2 = promisify(argon2Callback);
// OWASP password storage cheat sheet, argon2id: 19 MiB, 2 passes, 1 lane.
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;

/** argon2id in PHC form, for passwords that people choose. About 30 ms of a worker thread. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  return phc(nonce, await argon2("argon2id", { message: password, nonce, ...COST }));
}

/** A hash of nobody's password, made without work: to verify against it costs what a real one does, and never succeeds. */
export function decoyHash(): string {
  return phc(randomBytes(16), randomBytes(COST.tagLength));
}

function phc(nonce: Buffer, tag: Buffer): string {
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${nonce.toString("base64url")}$${tag.toString("base64url")}`;
}

/** False for a wrong password and for a hash that is not ours. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const found = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([\w-]+)\$([\w-]+)$/.exec(hash);
  if (!found) return false;
  const [, memory, passes, parallelism, nonce, tag] = found as unknown as [string, string, string, string, string, string];
  const expected = Buffer.from(tag, "base64url");
  const actual = await argon2("argon2id", {
    message: password,
    nonce: Buffer.from(nonce, "base64url"),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  });
  return timingSafeEqual(actual, expected);
}

/** HMAC-SHA256 under the data folder's key, hex: for device tokens, and to know a verified password again in microseconds. */
export function tokenDigest(key: Uint8Array, token: string): string {
  return createHmac("sha256", secretKeyOf(key)).update(token, "utf8").digest("hex");
}

/** Made once: of the 18 µs that a digest takes with the bare bytes, 15 are spent on them, and 10,000 rovers may log in at once. */
function secretKeyOf(key: Uint8Array): KeyObject {
  let made = SECRET_KEYS.get(key);
  if (made === undefined) {
    made = createSecretKey(key);
    SECRET_KEYS.set(key, made);
  }
  return made;
}
const SECRET_KEYS = new WeakMap<Uint8Array, KeyObject>();

/** Constant time for equal lengths; different lengths are unequal. */
export function equalSecrets(a: string, b: string): boolean {
  const left = Buffer.from(a, "utf8");
  const right = Buffer.from(b, "utf8");
  return left.length === right.length && timingSafeEqual(left, right);
}

/** 256 random bits, URL-safe. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}
