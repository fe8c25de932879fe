import { epochOf, epochUnixMs, FrameSplitter, type Geodetic, stationId } from "rtcm-parser";
import { BackOff, pause } from "../../core/runtime/back-off.ts";
import { type Body, ChunkedBody, PlainBody } from "../../core/wire/chunked-body.ts";
import { spread, wander } from "../noise.ts";
import type { SimulatorContext } from "./base-simulator.ts";
import { moved } from "./local-frame.ts";
import { ggaOf, type RoverFix } from "./nmea-gga.ts";
import { idleWatch, type NtripConnection, openRover, type RoverTarget } from "./ntrip-connection.ts";
import { skyAt } from "./observations.ts";

const GGA_EVERY_MS = 1000;
const SKY_EVERY_MS = 10_000;

/** What the rover's receiver makes of the corrections. Knows no network and no clock. */
export class RoverReceiver {
  readonly #splitter = new FrameSplitter();
  #lastEpochMs: number | null = null; // the epoch's own time
  #freshSinceMs: number | null = null;
  #stationId: number | null = null;

  get counters(): FrameSplitter["counters"] {
    return this.#splitter.counters;
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    for (const frame of this.#splitter.push(bytes)) {
      const epoch = epochOf(frame);
      if (epoch === null) continue;
      this.#lastEpochMs = epochUnixMs(epoch, nowMs);
      this.#stationId = stationId(frame);
      this.#freshSinceMs ??= nowMs;
    }
  }

  /** Corrections younger than 10 s: float for a few seconds, then fixed. Older: float again. After 60 s, or without any: single. */
  fixAt(nowMs: number): Pick<RoverFix, "quality" | "ageS" | "stationId"> {
    const ageMs = this.#lastEpochMs === null ? null : nowMs - this.#lastEpochMs;
    if (ageMs === null || ageMs > GIVE_UP_MS) {
      this.#freshSinceMs = null;
      return { quality: 1, ageS: null, stationId: null };
    }
    if (ageMs > FRESH_MS) this.#freshSinceMs = null;
    const fixed = this.#freshSinceMs !== null && nowMs - this.#freshSinceMs >= CONVERGE_MS;
    return { quality: fixed ? 4 : 5, ageS: Math.max(0, ageMs / 1000), stationId: this.#stationId };
  }
}

const FRESH_MS = 10_000;
const CONVERGE_MS = 5000;
const GIVE_UP_MS = 60_000;
/** How far the reported place is from the true one, m. */
const ERROR_M = { 4: 0.01, 5: 0.25, 1: 1.5 } as const;

/** Drives `placeAt` (time to true place), sends GGA every second, receives corrections, comes back when the connection is lost; until the signal. */
export async function runRover(target: RoverTarget, placeAt: (atMs: number) => Geodetic, context: SimulatorContext): Promise<void> {
  const { log, signal, random } = context;
  const receiver = new RoverReceiver();
  const backOff = new BackOff({ firstMs: 200, mostMs: 5000, random });
  while (!signal.aborted) {
    try {
      const connection = await openRover(target, signal);
      backOff.reset();
      log.info("rover connected", { mount: target.mount, protocol: target.protocol });
      await Promise.all([listen(connection, receiver, context), report(connection, receiver, placeAt, context)]);
    } catch (error) {
      if (!signal.aborted) log.debug("rover not connected", { mount: target.mount, error });
    }
    await pause(backOff.nextMs(), signal);
  }
}

async function listen(connection: NtripConnection, receiver: RoverReceiver, { nowMs, log }: SimulatorContext): Promise<void> {
  const watch = idleWatch(connection);
  const body: Body = connection.chunked ? new ChunkedBody() : new PlainBody();
  const framesBefore = receiver.counters.frames;
  let arriving = false;
  try {
    for await (const bytes of connection.body) {
      watch.heard();
      for (const piece of body.push(bytes)) receiver.receive(piece, nowMs());
      if (body.ended === "damaged") throw new RangeError("not a chunked body");
      if (!arriving && receiver.counters.frames > framesBefore) {
        arriving = true;
        log.info("corrections arrive");
      }
    }
  } finally {
    connection.close();
  }
}

async function report(connection: NtripConnection, receiver: RoverReceiver, placeAt: (atMs: number) => Geodetic, { nowMs }: SimulatorContext): Promise<void> {
  let sky = { atMs: Number.NEGATIVE_INFINITY, satellites: 0 };
  while (!connection.ended.aborted) {
    const atMs = nowMs();
    const truth = placeAt(atMs);
    if (atMs - sky.atMs >= SKY_EVERY_MS) sky = { atMs, satellites: skyAt(truth, atMs).length };
    const fix = receiver.fixAt(atMs);
    const errorM = ERROR_M[fix.quality];
    const place = moved(truth, { eastM: errorM * wander(71, atMs, 20_000), northM: errorM * wander(72, atMs, 20_000) });
    const hdop = 0.6 + 0.1 * Math.abs(spread(73, Math.floor(atMs / 30_000)));
    if (!connection.write(Buffer.from(ggaOf({ atMs, place, satellites: sky.satellites, hdop, ...fix }), "latin1"))) connection.close();
    await pause(GGA_EVERY_MS - (nowMs() % GGA_EVERY_MS), connection.ended);
  }
}
