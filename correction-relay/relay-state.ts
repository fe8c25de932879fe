import { createHash } from "node:crypto";
import { copyFile, link, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { GuardMemory } from "./guard-memory.ts";
import { fieldsOf, type LastBase, type LastRover, readers } from "./relay-memory.ts";
import { withinMs } from "./time-limit.ts";

const VERSION = 1;
const FILE = "relay-state.json";
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const WRITE_EVERY_MS = 1000;
const CLOSE_MS = 5000;
/** The oldest entry goes when there are more; a base that is stopped stays. */
const LIMITS = { guard: 2000, base: 2000, rover: 20_000 } as const;

type Part = keyof typeof readers;
interface Entry<T> {
  readonly value: T;
  readonly json: string; // written as often as anything changes, made once
}

export interface RelayStateOptions {
  readonly folder: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * What the relay knows again after a restart, with nothing but its own disk: stops, learned positions, last bases and rovers.
 * Two files, the newest and the one before it. A damaged one is kept aside, and all that was in it counts as lost.
 */
export class RelayState {
  readonly #path: string;
  readonly #o: RelayStateOptions;
  readonly #entries: { guard: Map<string, Entry<GuardMemory>>; base: Map<string, Entry<LastBase>>; rover: Map<string, Entry<LastRover>> } = {
    guard: new Map(),
    base: new Map(),
    rover: new Map(),
  };
  #damaged = false;
  #dirty = false;
  #writing: Promise<void> | null = null;
  #againNow = false;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #failing = false;

  private constructor(options: RelayStateOptions) {
    this.#o = options;
    this.#path = join(options.folder, FILE);
  }

  /** Reads what is there; makes the folder when it is not. */
  static async open(options: RelayStateOptions): Promise<RelayState> {
    const state = new RelayState(options);
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await state.#load();
    return state;
  }

  /** Something was remembered and cannot be read: what is known may be old, or missing. */
  get damaged(): boolean {
    return this.#damaged;
  }

  guard(baseId: string): GuardMemory | null {
    return this.#entries.guard.get(baseId)?.value ?? null;
  }

  base(baseId: string): LastBase | null {
    return this.#entries.base.get(baseId)?.value ?? null;
  }

  rover(roverId: string): LastRover | null {
    return this.#entries.rover.get(roverId)?.value ?? null;
  }

  /** now: on its way to the disk when this returns; soon: with the next `tick`. */
  setGuard(baseId: string, memory: GuardMemory, when: "now" | "soon"): void {
    this.#set("guard", this.#entries.guard, baseId, memory);
    if (when === "now") this.#write();
  }

  setBase(baseId: string, last: LastBase): void {
    this.#set("base", this.#entries.base, baseId, last);
  }

  setRover(roverId: string, last: LastRover): void {
    this.#set("rover", this.#entries.rover, roverId, last);
  }

  /** Once a second. */
  tick(nowMs: number): void {
    if (!this.#dirty || this.#writing !== null || nowMs - this.#startedAtMs < WRITE_EVERY_MS) return;
    this.#startedAtMs = nowMs;
    this.#write();
  }

  /** Resolves when all that was set is on the disk, or could not be written. */
  async close(): Promise<void> {
    if ((await withinMs(this.#drain(), CLOSE_MS)) === "late") this.#o.log.error("relay state not written to its end: the disk hangs");
  }

  async #drain(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    if (!this.#dirty) return;
    this.#write();
    while (this.#writing !== null) await this.#writing;
  }

  #set<T>(part: Part, entries: Map<string, Entry<T>>, id: string, value: T): void {
    const json = JSON.stringify(value);
    if (entries.get(id)?.json === json) return;
    entries.delete(id); // to the end: the oldest comes first
    entries.set(id, { value, json });
    this.#dirty = true;
    if (entries.size <= LIMITS[part]) return;
    for (const key of entries.keys()) {
      if (part === "guard" && this.#entries.guard.get(key)?.value.stop) continue;
      entries.delete(key);
      this.#o.metrics.count("azemichi_relay_state_forgotten_total", { part });
      return;
    }
  }

  #write(): void {
    if (this.#writing !== null) {
      this.#againNow = true;
      return;
    }
    this.#writing = this.#save().then(() => {
      this.#writing = null;
      if (!this.#againNow) return;
      this.#againNow = false;
      this.#write();
    });
  }

  async #save(): Promise<void> {
    this.#dirty = false;
    const { metrics, log } = this.#o;
    try {
      await replaceFile(this.#path, this.#text());
      metrics.count("azemichi_relay_state_writes_total");
      if (this.#failing) log.info("relay state is written again");
      this.#failing = false;
    } catch (error) {
      this.#dirty = true; // the next tick tries again
      metrics.count("azemichi_relay_state_write_failures_total");
      if (!this.#failing) log.error("relay state not written: a stop may not outlast a restart", { error });
      this.#failing = true;
    }
  }

  #text(): string {
    const parts = Object.entries(this.#entries).map(([part, entries]) => {
      const rows: string[] = [];
      for (const [id, { json }] of entries) rows.push(`${JSON.stringify(id)}:${json}`);
      return `${JSON.stringify(part)}:{${rows.join(",\n")}}`;
    });
    const state = `{${parts.join(",\n")}}`;
    return `${headOf(state)}${state}}\n`;
  }

  async #load(): Promise<void> {
    let parts = await readState(this.#path);
    if (typeof parts !== "object") {
      const before = await readState(previous(this.#path));
      if (parts === "absent" && before === "absent") return; // the first start
      this.#damaged = true;
      await copyFile(this.#path, `${this.#path}.damaged`).catch(() => {}); // unreadable: nothing to keep
      parts = before;
      this.#o.log.error("relay state damaged: every base has to be checked again", { kept: `${this.#path}.damaged`, fromBefore: typeof parts === "object" });
      this.#o.metrics.count("azemichi_relay_state_damaged_total");
    }
    if (typeof parts !== "object") return;
    this.#take("guard", parts, this.#entries.guard, readers.guard);
    this.#take("base", parts, this.#entries.base, readers.base);
    this.#take("rover", parts, this.#entries.rover, readers.rover);
  }

  #take<T>(part: Part, parts: Readonly<Record<string, unknown>>, entries: Map<string, Entry<T>>, read: (value: unknown) => T | null): void {
    for (const [id, json] of Object.entries(fieldsOf(parts[part]) ?? {})) {
      const value = read(json);
      if (value !== null) entries.set(id, { value, json: JSON.stringify(value) });
      else if (part === "guard") this.#damaged = true;
      if (value === null) this.#o.log.error("an entry of the relay state cannot be read", { part, id });
    }
  }
}

/** Of fixed length; it knows one digit in the wrong from a stop that was lifted. */
const headOf = (state: string): string => `{"version":${VERSION},"sha256":"${createHash("sha256").update(state).digest("hex")}","state":`;
const HEAD_CHARACTERS = headOf("").length;

const previous = (path: string): string => `${path}.previous`;

async function readState(path: string): Promise<Readonly<Record<string, unknown>> | "absent" | "damaged"> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > FILE_BYTES_MAX) return "damaged";
    const text = bytes.toString("utf8");
    const state = text.slice(HEAD_CHARACTERS, text.lastIndexOf("}"));
    if (!text.startsWith(headOf(state))) return "damaged";
    return fieldsOf(JSON.parse(state)) ?? "damaged";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "absent" : "damaged";
  }
}

/** Whole or not at all, also when the power goes: written aside, synced, then renamed; the one before stays as `.previous`. */
async function replaceFile(path: string, text: string): Promise<void> {
  const aside = `${path}.tmp`;
  await using file = await open(aside, "w", 0o600);
  await file.writeFile(text);
  await file.sync();
  await rm(previous(path), { force: true });
  await link(path, previous(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error; // the first one has none before it
  });
  await rename(aside, path);
  await using folder = await open(join(path, ".."), "r");
  await folder.sync();
}
