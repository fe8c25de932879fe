import { epochOf } from "../epoch.ts";
import { RtcmError } from "../errors.ts";
import { messageType, payloadOf } from "../frame.ts";
import { decodeMessage } from "../message.ts";
import { constellationOf, msmOf } from "../msm/constellation.ts";
import { decodeMsm, type MsmMessage } from "../msm/message.ts";
import { LegacyCarriers } from "./legacy-carrier.ts";
import { LegacyEpoch } from "./legacy-epoch.ts";
import { GLONASS, GPS, type LegacySystem } from "./legacy-systems.ts";

export interface LegacyCounters {
  /** 1004 and 1012 made. */
  readonly made: number;
  /** MSM that 1004 and 1012 have no place for: other systems, and MSM1..3, which hold no whole range. */
  readonly left: number;
  /** MSM and 1020 whose payload contradicts itself. */
  readonly malformed: number;
  /** GLONASS satellites, over all epochs, that no message told the channel of. */
  readonly withoutChannel: number;
}

type Kind = LegacySystem["kind"];

/**
 * MSM4..7 of GPS, SBAS and GLONASS as 1004 and 1012, for one stream. It remembers the lock, the signal and the phase shift
 * of every satellite and band, and GLONASS channels (MSM5, 7 and 1020 tell them).
 */
export class LegacyConverter {
  readonly #gps = new LegacyCarriers();
  readonly #glonass = new LegacyCarriers();
  readonly #channels = new Map<number, number>();
  readonly #lastEpochMs = new Map<Kind, number>();
  #pending = new Map<Kind, LegacyEpoch>();
  #seen = new Set<Kind>(); // systems of the epoch that goes on
  #expected: ReadonlySet<Kind> = new Set(); // those of the epoch before
  #made = 0;
  #left = 0;
  #malformed = 0;
  #withoutChannel = 0;

  get counters(): LegacyCounters {
    return { made: this.#made, left: this.#left, malformed: this.#malformed, withoutChannel: this.#withoutChannel };
  }

  /**
   * Frames of one epoch, or a piece of it, in their order. In place of the first MSM stand 1004 and then 1012; the other
   * MSM are gone; everything else stays, the stream's own 1001..1004 and 1009..1012 too, and then MSM of that system are
   * not converted. The synchronous flag is 0 on the last one, unless the epoch goes on (the last observation given says
   * so) and the epoch before had the other system too.
   */
  push(frames: readonly Uint8Array[]): Uint8Array[] {
    const own = ownKinds(frames);
    const out: Uint8Array[] = [];
    let at = 0; // where the messages made belong
    let goesOn = false;
    for (const frame of frames) {
      const epoch = epochOf(frame);
      if (epoch !== null) goesOn = epoch.multipleMessage;
      const type = messageType(frame) ?? 0;
      if (constellationOf(type) === null) {
        if (type === CHANNEL_MESSAGE) this.#learn(frame);
        out.push(frame);
        continue;
      }
      const message = this.#read(frame, type, own);
      if (message === null) continue;
      const pending = this.#pending.get(systemOf(message).kind);
      if (pending !== undefined && pending.epochMs !== message.epochMs) {
        out.splice(at, 0, ...this.#flush(false));
        at = out.length;
      } else if (this.#pending.size === 0) at = out.length;
      this.#gather(message);
    }
    out.splice(at, 0, ...this.#flush(goesOn));
    return out;
  }

  /** Another receiver sends from now on: all signals slip at their next observation. */
  reset(): void {
    this.#gps.reset();
    this.#glonass.reset();
  }

  #gather(message: MsmMessage): void {
    const system = systemOf(message);
    const epoch = this.#pending.get(system.kind) ?? new LegacyEpoch(system, message);
    this.#pending.set(system.kind, epoch);
    epoch.add(message);
    for (const [slot, channel] of epoch.channels()) if (system === GLONASS) this.#channels.set(slot, channel);
  }

  #read(frame: Uint8Array, type: number, own: ReadonlySet<Kind>): MsmMessage | null {
    const kind = KIND_OF[constellationOf(type) ?? ""];
    if (kind === undefined || msmOf(type) < 4 || own.has(kind)) {
      this.#left += 1;
      return null;
    }
    return this.#orMalformed(() => decodeMsm(payloadOf(frame), type));
  }

  #learn(frame: Uint8Array): void {
    const message = this.#orMalformed(() => decodeMessage(frame));
    if (message?.kind === "1020") this.#channels.set(message.satelliteId, message.frequencyChannel);
  }

  #orMalformed<T>(decode: () => T): T | null {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof RtcmError)) throw error;
      this.#malformed += 1;
      return null;
    }
  }

  /** The messages of what is pending, 1004 first. */
  #flush(goesOn: boolean): Uint8Array[] {
    const made: { readonly epoch: LegacyEpoch; readonly satellites: Parameters<LegacyEpoch["frame"]>[0] }[] = [];
    for (const { kind } of [GPS, GLONASS]) {
      const epoch = this.#pending.get(kind);
      if (epoch === undefined) continue;
      const { sent, withoutChannel } = epoch.satellites(kind === GPS.kind ? this.#gps : this.#glonass, this.#channels);
      this.#withoutChannel += withoutChannel;
      if (sent.length === 0) continue;
      this.#note(kind, epoch.epochMs);
      made.push({ epoch, satellites: sent });
    }
    this.#pending = new Map();
    this.#made += made.length;
    const moreComes = goesOn && [...this.#expected].some((kind) => !this.#seen.has(kind));
    return made.map(({ epoch, satellites }, i) => epoch.frame(satellites, i < made.length - 1 || moreComes));
  }

  /** Keeps which systems the running epoch and the one before it have. A system that comes with another time begins a new one. */
  #note(kind: Kind, epochMs: number): void {
    if (this.#seen.has(kind) && this.#lastEpochMs.get(kind) !== epochMs) {
      this.#expected = this.#seen;
      this.#seen = new Set();
    }
    this.#seen.add(kind);
    this.#lastEpochMs.set(kind, epochMs);
  }
}

const CHANNEL_MESSAGE = 1020;
const KIND_OF: Readonly<Record<string, Kind>> = { GPS: "1004", SBAS: "1004", GLONASS: "1012" };

const systemOf = ({ constellation }: MsmMessage): LegacySystem => (constellation === "GLONASS" ? GLONASS : GPS);

/** Systems whose legacy observations the stream sends itself. */
function ownKinds(frames: readonly Uint8Array[]): ReadonlySet<Kind> {
  const own = new Set<Kind>();
  for (const frame of frames) {
    const type = messageType(frame) ?? 0;
    if (type >= 1001 && type <= 1004) own.add("1004");
    if (type >= 1009 && type <= 1012) own.add("1012");
  }
  return own;
}
