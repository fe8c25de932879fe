import type { Socket } from "node:net";
import { openTable, peerOf, RowReader, type Table } from "./kernel-table.ts";

/** Whose bytes are looked for. */
export interface Watched {
  /** What the kernel holds for it unacknowledged. @returns how long its oldest byte has waited, ms */
  noteUnsent(bytes: number, nowMs: number): number;
}

/** One connection under watch; give it back to `unwatch`. */
export interface Watch {
  readonly family: 4 | 6;
  readonly localPort: number;
  readonly peer: number | string;
  readonly watched: Watched;
  look: number; // in which it was last found
}

export interface KernelQueueOptions {
  readonly nowMs: () => number;
  readonly endOfTurn?: (callback: () => void) => void;
  /** null: there is no such table on this system. */
  readonly open?: (path: string) => Table | null;
  readonly cpuMs?: () => number;
}

const TABLES = { 4: "/proc/net/tcp", 6: "/proc/net/tcp6" } as const;
const LOOK_EVERY_MS = 1000;
/** The kernel prints 2.5 µs for each connection of the machine. As long as one rover lags, that is paid every second; */
const LAGS_FROM_MS = 1000;
/** where all had drained at the last look, looks take one two-hundredth of the time, and are at most this far apart. */
const LOOK_SHARE = 0.005;
const LOOK_EVERY_MOST_MS = 5000;
/** Nothing has waited for long before: after a power cut all rovers come at once, and their log-ins go first. */
const FIRST_LOOK_AFTER_MS = 2000;
const CROWD_PER_S = 200; // log-ins; as long as they come so fast, looks wait, but not longer than `LOOK_EVERY_MOST_MS`
const SLICE_MS = 1; // then the loop turns: an epoch waits no longer for a look
const BUFFER_BYTES = 8192; // the kernel hands out a page at a time

interface Look {
  readonly families: (4 | 6)[]; // still to be read
  readonly read: Set<4 | 6>;
  reader: RowReader | null;
  longestWaitMs: number;
  costMs: number;
}

/**
 * How much the kernel holds back for each rover: Node cannot ask, but Linux prints it in /proc/net/tcp and tcp6.
 * Where there are no such tables nothing is ever noted. Call `tick` once a second.
 */
export class KernelQueue {
  readonly #nowMs: () => number;
  readonly #endOfTurn: (callback: () => void) => void;
  readonly #open: (path: string) => Table | null;
  readonly #cpuMs: () => number;
  readonly #ports = new Map<number, Map<number | string, Watch>>(); // by local port, by peer
  readonly #count = { 4: 0, 6: 0 };
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  #look = 0;
  #joined = 0; // since the last tick
  #crowdSinceMs: number | null = null;
  #running: Look | null = null;
  #nextAtMs = 0;
  #closed = false;

  constructor({ nowMs, endOfTurn = setImmediate, open = openTable, cpuMs = () => performance.now() }: KernelQueueOptions) {
    this.#nowMs = nowMs;
    this.#endOfTurn = endOfTurn;
    this.#open = open;
    this.#cpuMs = cpuMs;
  }

  /** null when the socket has no peer any more. */
  watch(socket: Pick<Socket, "remoteAddress" | "remotePort" | "remoteFamily" | "localPort">, watched: Watched): Watch | null {
    const { remoteAddress, remotePort, remoteFamily, localPort } = socket;
    if (remoteAddress === undefined || remotePort === undefined || localPort === undefined) return null;
    const watch: Watch = { family: remoteFamily === "IPv6" ? 6 : 4, localPort, peer: peerOf(remoteAddress, remotePort), watched, look: this.#look };
    let peers = this.#ports.get(localPort);
    if (peers === undefined) {
      peers = new Map();
      this.#ports.set(localPort, peers);
    }
    peers.set(watch.peer, watch);
    if (this.#count[4] + this.#count[6] === 0) this.#nextAtMs = Math.max(this.#nextAtMs, this.#nowMs() + FIRST_LOOK_AFTER_MS);
    this.#count[watch.family] += 1;
    this.#joined += 1;
    return watch;
  }

  unwatch(watch: Watch): void {
    const peers = this.#ports.get(watch.localPort);
    this.#count[watch.family] -= 1;
    if (peers?.get(watch.peer) === watch) peers.delete(watch.peer);
  }

  /** Once a second: begins a look when one is due. */
  tick(nowMs: number): void {
    const crowd = this.#joined >= CROWD_PER_S;
    this.#joined = 0;
    if (!crowd) this.#crowdSinceMs = null;
    else this.#crowdSinceMs ??= nowMs;
    if (this.#crowdSinceMs !== null && nowMs - this.#crowdSinceMs < LOOK_EVERY_MOST_MS) return;
    const families = ([4, 6] as const).filter((family) => this.#count[family] > 0);
    if (this.#running !== null || this.#closed || families.length === 0 || nowMs < this.#nextAtMs) return;
    this.#nextAtMs = nowMs;
    this.#look += 1;
    this.#running = { families, read: new Set(), reader: null, longestWaitMs: 0, costMs: 0 };
    this.#slice();
  }

  close(): void {
    this.#closed = true;
    this.#running?.reader?.close();
    this.#running = null;
  }

  #slice(): void {
    const running = this.#running;
    if (running === null) return;
    const sinceMs = this.#cpuMs();
    let ended = false;
    let spentMs = 0;
    do {
      ended = !this.#readOn(running);
      spentMs = this.#cpuMs() - sinceMs;
    } while (!ended && spentMs < SLICE_MS);
    running.costMs += spentMs;
    if (ended) this.#finish(running);
    else this.#endOfTurn(() => this.#slice());
  }

  /** @returns false when all tables have been read */
  #readOn(running: Look): boolean {
    if (running.reader === null) {
      const family = running.families.shift();
      if (family === undefined) return false;
      const table = this.#open(TABLES[family]);
      if (table === null) return true;
      running.read.add(family);
      running.reader = new RowReader(table, this.#buffer, family);
    }
    const more = running.reader.next((localPort, peer, bytes) => {
      const watch = this.#ports.get(localPort)?.get(peer);
      if (watch === undefined) return;
      watch.look = this.#look;
      running.longestWaitMs = Math.max(running.longestWaitMs, watch.watched.noteUnsent(bytes, this.#nowMs()));
    });
    if (more) return true;
    running.reader.close();
    running.reader = null;
    return true;
  }

  /** Who was not found with bytes waiting has none, if its table was read. */
  #finish({ read, longestWaitMs, costMs }: Look): void {
    const nowMs = this.#nowMs();
    for (const peers of this.#ports.values())
      for (const watch of peers.values()) if (watch.look < this.#look && read.has(watch.family)) watch.watched.noteUnsent(0, nowMs);
    const everyMs = longestWaitMs >= LAGS_FROM_MS ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MOST_MS, Math.max(LOOK_EVERY_MS, costMs / LOOK_SHARE));
    this.#nextAtMs += everyMs - LOOK_EVERY_MS / 10; // ticks come a little early or late
    this.#running = null;
  }
}
