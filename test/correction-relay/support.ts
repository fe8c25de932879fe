import { connect, type Socket } from "node:net";
import { encodeMessage, frameOf } from "rtcm-parser";
import type { BaseHealth, RelayEvent, RoverState } from "../../core/domain/live.ts";
import type { Base, Catalog, Rover } from "../../core/domain/site.ts";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { hashPassword, tokenDigest } from "../../core/runtime/secrets.ts";
import { ClockCheck } from "../../correction-relay/clock-check.ts";
import { KernelQueue } from "../../correction-relay/kernel-queue.ts";
import type { RelayLimits } from "../../correction-relay/limits.ts";
import type { TlsOptions } from "../../correction-relay/listeners.ts";
import { Relay } from "../../correction-relay/relay.ts";
import type { RelayState } from "../../correction-relay/relay-state.ts";

export const KEY = Buffer.from("a test's key");
export const BASE_PASSWORD = "base-secret";
export const ROVER_PASSWORD = "rover-secret";
export const basic = (username: string, password: string): string => `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
export const ROVER_AUTH = basic("tractor1", ROVER_PASSWORD);

/** Known by digest, as after a first log-in: the tests need no argon2id. */
const known = (password: string) => ({ hash: `$argon2id$of ${password}`, digest: tokenDigest(KEY, password) });

export function baseOf(mount: string, more: Partial<Base> = {}): Base {
  return {
    id: mount.toLowerCase(),
    mount,
    name: "Town office",
    sourcePassword: known(BASE_PASSWORD),
    stationId: null,
    kind: "physical",
    antenna: null,
    datum: null,
    maxBaselineKm: null,
    alignedWith: [],
    arpOffset: null,
    pull: null,
    pullMode: "always",
    pullSessions: 8,
    listen: null,
    sim: false,
    ...more,
  };
}

export function roverOf(id: string, more: Partial<Rover> = {}): Rover {
  return {
    id,
    name: id,
    username: id,
    password: known(ROVER_PASSWORD),
    mounts: ["*"],
    party: null,
    base: null,
    maxSessions: 0,
    expiresOn: null,
    staffTest: false,
    ...more,
  };
}

export function catalogOf(bases: readonly Base[], rovers: readonly Rover[]): Catalog {
  const site = { id: "misato", name: { ja: "美郷町", en: "Misato" }, timeZone: "Asia/Tokyo", failoverAfterS: 8 };
  return {
    site,
    orders: [],
    recheckedAtMs: null,
    parties: [],
    users: [],
    plots: [],
    holdings: [],
    devices: [],
    gateways: [],
    networks: [],
    bases,
    rovers,
    consents: [],
    codecs: [],
    redecodes: [],
  };
}

export interface Bench {
  readonly relay: Relay;
  readonly port: number;
  readonly tlsPort: number | null;
  readonly metrics: Metrics;
  readonly bases: Map<string, BaseHealth>; // last reported
  readonly rovers: Map<string, RoverState>;
  readonly events: RelayEvent[];
  /** Sets the clock forward and lets the relay look at it. */
  pass(ms: number): void;
  catalog(): Catalog;
  nowMs(): number;
  change(catalog: Catalog): void;
  /** Opens a connection that is closed with the bench. */
  connect(): Promise<Peer>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openBench(
  options: {
    bases?: readonly Base[];
    rovers?: readonly Rover[];
    more?: Partial<Catalog>;
    limits?: Partial<RelayLimits>;
    simServe?: boolean;
    tls?: TlsOptions;
    state?: RelayState;
  } = {},
): Promise<Bench> {
  let nowMs = Date.UTC(2026, 10, 23, 3, 0, 0);
  let catalog: Catalog = { ...catalogOf(options.bases ?? [baseOf("MISATO1")], options.rovers ?? [roverOf("tractor1")]), ...options.more };
  const listeners = new Set<(catalog: Catalog) => void>();
  const metrics = new Metrics();
  const bases = new Map<string, BaseHealth>();
  const rovers = new Map<string, RoverState>();
  const events: RelayEvent[] = [];
  const relay = new Relay({
    catalog: {
      current: () => catalog,
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    key: KEY,
    simServe: options.simServe ?? false,
    reports: {
      base: (h) => void bases.set(h.baseId, h),
      rover: (s) => void rovers.set(s.roverId, s),
      event: (e) => void events.push(e),
      refused: () => {},
      minute: () => {},
    },
    log: silentLog,
    metrics,
    nowMs: () => nowMs,
    clock: new ClockCheck({ exists: async () => false, modifiedAtMs: async () => null, ntpSynchronized: async () => null }),
    kernelQueue: new KernelQueue({ nowMs: () => nowMs, open: () => null }), // the kernel keeps its own time
    ...(options.state ? { state: options.state } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
  });
  const { port, tlsPort } = await relay.listen({ host: "127.0.0.1", port: 0, tls: options.tls ?? null });
  const peers: Peer[] = [];
  return {
    relay,
    port,
    tlsPort,
    metrics,
    bases,
    rovers,
    events,
    pass(ms) {
      nowMs += ms;
      relay.tick();
    },
    catalog: () => catalog,
    nowMs: () => nowMs,
    change(changed) {
      catalog = changed;
      for (const listener of listeners) listener(changed);
    },
    async connect() {
      const peer = await Peer.open(port);
      peers.push(peer);
      return peer;
    },
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer.socket.destroy();
      await relay.close();
    },
  };
}

const PATIENCE_MS = 10_000;

/** The other end of a connection: writes bytes, waits for what comes. */
export class Peer {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  #closed = false;
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  static open(port: number): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new Peer(socket)));
    });
  }

  get received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  get text(): string {
    return this.received.toString("latin1");
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  async until(condition: () => boolean, what: string): Promise<this> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!condition()) {
      if (this.#closed && !condition()) throw new Error(`closed before ${what}; received ${JSON.stringify(this.text.slice(0, 300))}`);
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${what} in time; received ${JSON.stringify(this.text.slice(0, 300))}`)), deadline - Date.now());
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this;
  }

  async untilBytes(count: number): Promise<Buffer> {
    await this.until(() => this.received.length >= count, `${count} bytes`);
    return this.received;
  }

  async untilText(text: string): Promise<this> {
    return this.until(() => this.text.includes(text), JSON.stringify(text));
  }

  /** The whole of what came until the relay closed. */
  async untilClosed(): Promise<string> {
    if (!this.#closed) await this.until(() => this.#closed, "close");
    return this.text;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** Polls for what no connection tells, e.g. a report. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A rover that has been let in; its head has been read. */
export async function joinRover(bench: Bench, mount = "MISATO1", auth = ROVER_AUTH): Promise<Peer> {
  const rover = await bench.connect();
  rover.send(`GET /${mount} HTTP/1.0\r\nUser-Agent: NTRIP Test/1\r\nAuthorization: ${auth}\r\n\r\n`);
  return rover.untilText("ICY 200 OK\r\n\r\n");
}

export async function joinSource(bench: Bench, mount = "MISATO1", password = BASE_PASSWORD): Promise<Peer> {
  const source = await bench.connect();
  source.send(`SOURCE ${password} ${mount}\r\nSource-Agent: NTRIP Test/1\r\nSTR: \r\n\r\n`);
  return source.untilText("ICY 200 OK\r\n\r\n");
}

/** The head of an MSM and nothing behind it (RTCM 10403.3 table 3.5-78): a whole observation frame as far as a relay looks. */
export function msm(
  type: number,
  epochMs: number,
  more: { announced: boolean; stationId?: number; satellites?: readonly number[]; signals?: readonly number[] },
): Uint8Array {
  let bits = BigInt(type);
  let width = 12;
  const put = (value: bigint, bitsOfValue: number): void => {
    bits = (bits << BigInt(bitsOfValue)) | value;
    width += bitsOfValue;
  };
  const mask = (ids: readonly number[], size: number): bigint => ids.reduce((sum, id) => sum | (1n << BigInt(size - id)), 0n);
  const { satellites = [], signals = [] } = more;
  put(BigInt(more.stationId ?? 0), 12);
  put(BigInt(epochMs), 30);
  put(more.announced ? 1n : 0n, 1);
  put(0n, 18);
  put(mask(satellites, 64), 64);
  put(mask(signals, 32), 32);
  for (let cell = 0; cell < satellites.length * signals.length; cell += 1) put(1n, 1);
  put(0n, (8 - (width % 8)) % 8);
  return frameOf(Buffer.from(bits.toString(16).padStart(width / 4, "0"), "hex"));
}

export const FILLER = frameOf(new Uint8Array(0));

export const ARP = { xM: -3_809_853.5411, yM: 3_135_020.9352, zM: 4_028_484.1529 };
export const frame1006 = (stationId = 0, arp = ARP): Uint8Array =>
  encodeMessage({
    kind: "1006",
    stationId,
    itrfYear: 0,
    gps: true,
    glonass: true,
    galileo: true,
    nonPhysical: false,
    ...arp,
    singleOscillator: false,
    quarterCycle: 0,
    antennaHeightM: 0,
  });
export const frame1033 = (): Uint8Array =>
  encodeMessage({
    kind: "1033",
    stationId: 0,
    antenna: "ADVNULLANTENNA",
    setupId: 0,
    antennaSerial: "",
    receiver: "TEST RECEIVER",
    firmware: "1",
    receiverSerial: "",
  });

export { hashPassword };
