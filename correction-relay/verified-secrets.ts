import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "../core/runtime/log.ts";

export interface VerifiedSecretsOptions {
  readonly path: string;
  readonly log: Log;
  readonly entriesMax?: number;
  readonly writeAfterMs?: number; // what is learned within this time is written at once
}

const ENTRIES_MAX = 50_000; // about 10 MB of file
const WRITE_AFTER_MS = 2000;

/**
 * Which secret fits which argon2id hash, as digests under the data folder's key: what was verified once is known again after
 * a restart of the relay too. Kept in the relay's own folder, so that it needs neither store nor web. Bounded: the longest unused goes.
 */
export class VerifiedSecrets {
  readonly #file: VerifiedSecretsOptions | null;
  readonly #entriesMax: number;
  readonly #digests: Map<string, string>; // argon2id hash → digest, longest unused first
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #changed = false;

  private constructor(file: VerifiedSecretsOptions | null, digests: Map<string, string>) {
    this.#file = file;
    this.#entriesMax = file?.entriesMax ?? ENTRIES_MAX;
    this.#digests = digests;
  }

  static inMemory(): VerifiedSecrets {
    return new VerifiedSecrets(null, new Map());
  }

  /** With what the file holds. One that is absent, damaged or a stranger's costs a verification more for each secret, nothing else. */
  static open(file: VerifiedSecretsOptions): VerifiedSecrets {
    return new VerifiedSecrets(file, new Map(entriesIn(file)));
  }

  get size(): number {
    return this.#digests.size;
  }

  /** The digest of the secret that fits this hash, if it is known. */
  digestFor(hash: string): string | undefined {
    const digest = this.#digests.get(hash);
    if (digest === undefined) return undefined;
    this.#digests.delete(hash);
    this.#digests.set(hash, digest);
    return digest;
  }

  remember(hash: string, digest: string): void {
    if (this.#digests.get(hash) === digest) return;
    this.#digests.delete(hash);
    this.#digests.set(hash, digest);
    const oldest = this.#digests.keys().next().value;
    if (this.#digests.size > this.#entriesMax && oldest !== undefined) this.#digests.delete(oldest);
    this.#writeSoon();
  }

  /** Forgets what no account has any more: call it with every change of the catalog. */
  keepOnly(hashes: ReadonlySet<string>): void {
    let forgotten = 0;
    for (const hash of this.#digests.keys()) {
      if (hashes.has(hash)) continue;
      this.#digests.delete(hash);
      forgotten += 1;
    }
    if (forgotten > 0) this.#writeSoon();
  }

  #writeSoon(): void {
    if (this.#file === null) return;
    this.#changed = true;
    this.#timer ??= setTimeout(() => void this.#write(), this.#file.writeAfterMs ?? WRITE_AFTER_MS).unref();
  }

  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const file = this.#file;
    if (file === null || !this.#changed) return this.#writing;
    this.#changed = false;
    const text = `${JSON.stringify({ secrets: [...this.#digests] } satisfies FileContent)}\n`;
    this.#writing = this.#writing.then(() => this.#replace(file, text));
    return this.#writing;
  }

  /** Whole or not at all; a disk that refuses is said, and tried again with the next secret. */
  async #replace({ path, log }: VerifiedSecretsOptions, text: string): Promise<void> {
    const draft = `${path}.${process.pid}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(draft, text, { mode: 0o600, flush: true });
      await rename(draft, path);
    } catch (error) {
      this.#changed = true;
      log.warn("verified secrets not written; they will be verified anew after a restart", { error, path });
    }
  }

  /** Writes what is not written yet. Idempotent. */
  async close(): Promise<void> {
    await this.#write();
  }
}

interface FileContent {
  readonly secrets: readonly (readonly [hash: string, digest: string])[];
}

function entriesIn({ path, log, entriesMax = ENTRIES_MAX }: VerifiedSecretsOptions): [string, string][] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") log.warn("verified secrets not read", { error, path });
    return [];
  }
  try {
    const { secrets } = JSON.parse(text) as Partial<FileContent>;
    if (Array.isArray(secrets)) return secrets.filter(isEntry).slice(-entriesMax);
  } catch {
    // not JSON: as any other stranger's file
  }
  log.warn("verified secrets are damaged and begin anew", { path });
  return [];
}

const isEntry = (entry: unknown): entry is [string, string] =>
  Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string" && entry[0].length <= 512 && /^[0-9a-f]{64}$/.test(String(entry[1]));
