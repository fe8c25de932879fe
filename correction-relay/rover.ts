import type { Socket } from "node:net";
import { ecefToLatLon, latLonToEcef } from "rtcm-parser";
import type { BaseHealth, RoverState } from "../core/domain/live.ts";
import type { Rover } from "../core/domain/site.ts";
import { type Gga, GgaCollector, parseGga } from "../core/wire/nmea-gga.ts";
import type { Unit } from "./epoch-gatherer.ts";
import type { RelayLimits } from "./limits.ts";
import { cut, finish } from "./socket.ts";

export interface RoverSessionOptions {
  readonly socket: Socket;
  readonly rover: Rover;
  readonly agent: string | null;
  readonly gga: readonly string[]; // lines that came with the request
  readonly limits: RelayLimits;
  readonly nowMs: () => number;
  readonly onClosed: (session: RoverSession, reason: string) => void;
}

/** One tractor's connection: corrections go out, GGA comes back. Its slowness is its own. */
export class RoverSession {
  readonly rover: Rover;
  readonly agent: string | null;
  readonly remoteAddress: string;
  readonly connectedAtMs: number;
  readonly #socket: Socket;
  readonly #limits: RelayLimits;
  readonly #nowMs: () => number;
  readonly #gga = new GgaCollector();
  #last: { readonly gga: Gga; readonly atMs: number } | null = null;
  #sentBytes = 0;
  #skippedEpochs = 0;
  #lastEpochAtMs: number | null = null; // arrival of the last epoch written
  #lastWriteAtMs: number;
  #undrainedSinceMs: number | null = null;
  #closeReason = "left";

  constructor({ socket, rover, agent, gga, limits, nowMs, onClosed }: RoverSessionOptions) {
    this.rover = rover;
    this.agent = agent;
    this.remoteAddress = socket.remoteAddress ?? "";
    this.connectedAtMs = nowMs();
    this.#lastWriteAtMs = this.connectedAtMs;
    this.#socket = socket;
    this.#limits = limits;
    this.#nowMs = nowMs;
    for (const line of gga) this.#heard(parseGga(line));
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    socket.once("end", () => this.end("left"));
    socket.once("close", () => onClosed(this, this.#closeReason));
  }

  get skippedEpochs(): number {
    return this.#skippedEpochs;
  }

  /** What the rover sends: GGA, anything else is passed over. */
  receive(chunk: Uint8Array): void {
    for (const gga of this.#gga.push(chunk)) this.#heard(gga);
  }

  #heard(gga: Gga | null): void {
    if (gga !== null) this.#last = { gga, atMs: this.#nowMs() };
  }

  /** Status line and cached frames, in one segment: AgIO gives a bare status line one second. */
  start(head: Uint8Array): void {
    this.#write(head);
  }

  /** A rover whose last epochs still wait is left out of this one, whole. */
  deliver(unit: Unit, nowMs: number): "sent" | "skipped" {
    this.#noteDrain(nowMs);
    if (this.#socket.writableLength > this.#limits.roverQueueBytes) {
      this.#skippedEpochs += unit.kind === "epoch" ? 1 : 0;
      return "skipped";
    }
    this.#write(unit.bytes);
    this.#lastWriteAtMs = nowMs;
    if (unit.kind === "epoch") this.#lastEpochAtMs = unit.arrivedAtMs;
    this.#noteDrain(nowMs);
    return "sent";
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(bytes);
    this.#sentBytes += bytes.length;
  }

  #noteDrain(nowMs: number): void {
    if (this.#socket.writableLength === 0) this.#undrainedSinceMs = null;
    else this.#undrainedSinceMs ??= nowMs;
  }

  /** Once a second: cuts who does not read, lets go who gets nothing. */
  tick(nowMs: number): void {
    this.#noteDrain(nowMs);
    if (this.#undrainedSinceMs !== null && nowMs - this.#undrainedSinceMs >= this.#limits.roverUndrainedMs) this.cut("not reading");
    else if (nowMs - this.#lastWriteAtMs >= this.#limits.holdMs) this.end("no data from the base");
  }

  /** What was written before still goes out. */
  end(reason: string): void {
    if (this.#socket.writableEnded || this.#socket.destroyed) return;
    this.#closeReason = reason;
    finish(this.#socket);
  }

  /** At once, and what waits is thrown away. */
  cut(reason: string): void {
    if (this.#socket.destroyed) return;
    this.#closeReason = reason;
    cut(this.#socket);
  }

  state(of: {
    readonly mount: string;
    readonly baseId: string;
    readonly sim: boolean;
    readonly antenna: BaseHealth["antenna"];
    readonly nowMs: number;
  }): RoverState {
    const last = this.#last;
    const position = last?.gga.position ?? null;
    return {
      roverId: this.rover.id,
      at: iso(of.nowMs),
      state: "connected",
      sim: of.sim,
      mount: of.mount,
      baseId: of.baseId,
      agent: this.agent,
      connectedSince: iso(this.connectedAtMs),
      sentBytes: this.#sentBytes,
      skippedEpochs: this.#skippedEpochs,
      correctionAgeS: this.#lastEpochAtMs === null ? null : (of.nowMs - this.#lastEpochAtMs) / 1000,
      position: position === null || last === null ? null : { ...position, at: iso(last.atMs) },
      fix: last?.gga.fix ?? "unknown",
      satellites: last?.gga.satellites ?? null,
      hdop: last?.gga.hdop ?? null,
      ggaAgeS: last?.gga.ageS ?? null,
      baselineKm: position === null || of.antenna === null ? null : baselineKm(position, of.antenna),
    };
  }
}

/** Straight line to the ARP; a rover without height is taken to stand as high as the base. */
function baselineKm(rover: { latDeg: number; lonDeg: number; heightM: number | null }, { x, y, z }: NonNullable<BaseHealth["antenna"]>): number {
  const heightM = rover.heightM ?? ecefToLatLon({ xM: x, yM: y, zM: z }).heightM;
  const { xM, yM, zM } = latLonToEcef({ latDeg: rover.latDeg, lonDeg: rover.lonDeg, heightM });
  return Math.round(Math.hypot(xM - x, yM - y, zM - z)) / 1000;
}

/** What is shown of a rover that is not there. */
export function absentRover(roverId: string, nowMs: number, last: RoverState | null): RoverState {
  return {
    ...(last ?? NEVER_SEEN),
    roverId,
    at: iso(nowMs),
    state: "disconnected",
    connectedSince: null,
    correctionAgeS: null,
  };
}

const NEVER_SEEN: Omit<RoverState, "roverId" | "at"> = {
  state: "disconnected",
  sim: false,
  mount: null,
  baseId: null,
  agent: null,
  connectedSince: null,
  sentBytes: 0,
  skippedEpochs: 0,
  correctionAgeS: null,
  position: null,
  fix: "unknown",
  satellites: null,
  hdop: null,
  ggaAgeS: null,
  baselineKm: null,
};

const iso = (ms: number): string => new Date(ms).toISOString();
