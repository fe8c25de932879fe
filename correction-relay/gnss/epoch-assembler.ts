import { type Constellation, decodeMessage, messageType, RtcmError } from "rtcm-parser";
import type { ObservationEpoch, SystemObservation } from "./observation-epoch.ts";
import { gpsDayMs, observationsOf } from "./observations-of.ts";
import { circleDifference } from "./physical-constants.ts";

const DAY_MS = 86_400_000;
/** An epoch that comes so much earlier than the last is a new beginning (a receiver's restart, a replayed file). */
const BACK_MAX_MS = 60_000;

interface Group {
  readonly stationId: number;
  readonly dayMs: number; // of the epoch, in GPS time of day, less the constant that this sender's system is off
  readonly systems: Map<Constellation, SystemObservation>;
}

/**
 * Puts the messages of a stream together to epochs. A message belongs to the open epoch unless its time says otherwise; the time that a
 * system keeps against the others is learned (leap seconds of other years; an old BeiDou encoder that sends GPS time), not assumed.
 * MSM go before legacy observables of the same system. An epoch is handed out when the next begins.
 */
export class EpochAssembler {
  readonly #offsetsMs = new Map<Constellation, number>();
  #open: Group | null = null;
  #stream: { readonly dayMs: number; readonly streamMs: number } | null = null;
  #unreadable = 0;
  #restarts = 0;

  get counters(): { readonly unreadable: number; readonly restarts: number } {
    return { unreadable: this.#unreadable, restarts: this.#restarts };
  }

  /** @returns the epoch that this frame has shown to be complete, or null */
  push(frame: Uint8Array): ObservationEpoch | null {
    if (!isObservation(messageType(frame) ?? 0)) return null;
    const observed = this.#read(frame);
    if (observed === null || observed.satellites.length === 0) return null;
    const { stationId, ...system } = observed;
    const gpsMs = gpsDayMs(system.constellation, system.epochMs);
    const open = this.#open;
    if (open !== null && this.#belongs(open, stationId, system, gpsMs)) {
      join(open.systems, system);
      return null;
    }
    const dayMs = gpsMs - (this.#offsetsMs.get(system.constellation) ?? 0);
    if (open === null) this.#offsetsMs.set(system.constellation, 0);
    this.#open = { stationId, dayMs, systems: new Map([[system.constellation, system]]) };
    return open === null ? null : this.#finished(open);
  }

  /** What has come of the open epoch, when no more will. */
  flush(): ObservationEpoch | null {
    const open = this.#open;
    this.#open = null;
    return open === null ? null : this.#finished(open);
  }

  #belongs(open: Group, stationId: number, { constellation, epochMs }: SystemObservation, gpsMs: number): boolean {
    if (stationId !== open.stationId) return false;
    const there = open.systems.get(constellation);
    if (there !== undefined) return there.epochMs === epochMs;
    const offsetMs = circleDifference(gpsMs, open.dayMs, DAY_MS);
    const known = this.#offsetsMs.get(constellation);
    if (known === undefined) this.#offsetsMs.set(constellation, offsetMs);
    return known === undefined || known === offsetMs;
  }

  #finished({ stationId, dayMs, systems }: Group): ObservationEpoch {
    const last = this.#stream;
    const stepMs = last === null ? 0 : circleDifference(dayMs, last.dayMs, DAY_MS);
    if (stepMs < -BACK_MAX_MS) {
      this.#restarts += 1;
      this.#offsetsMs.clear();
    }
    // A clock that is set back must not stand still here: the next steps would all seem to be no time.
    const streamMs = (last?.streamMs ?? 0) + Math.max(0, stepMs);
    this.#stream = { dayMs, streamMs };
    return { streamMs, stationId, systems: [...systems.values()] };
  }

  #read(frame: Uint8Array): ReturnType<typeof observationsOf> {
    try {
      return observationsOf(decodeMessage(frame));
    } catch (error) {
      if (!(error instanceof RtcmError)) throw error;
      this.#unreadable += 1;
      return null;
    }
  }
}

/** MSM4–7, 1002, 1004, 1010, 1012, of the systems that have ephemerides here. */
function isObservation(type: number): boolean {
  if (type >= 1074 && type <= 1127) return type % 10 >= 4 && type % 10 <= 7 && Math.floor(type / 10) !== 110;
  return type === 1002 || type === 1004 || type === 1010 || type === 1012;
}

/** Large systems come in two messages (64 cells each); legacy observables beside MSM say the same again. */
function join(systems: Map<Constellation, SystemObservation>, more: SystemObservation): void {
  const there = systems.get(more.constellation);
  if (there === undefined || (there.format === "legacy" && more.format === "msm")) {
    systems.set(more.constellation, more);
  } else if (there.format === more.format) {
    const known = new Set(there.satellites.map(({ satelliteId }) => satelliteId));
    systems.set(more.constellation, { ...there, satellites: [...there.satellites, ...more.satellites.filter(({ satelliteId }) => !known.has(satelliteId))] });
  }
}
