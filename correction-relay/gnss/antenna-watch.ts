import type { Ecef } from "rtcm-parser";
import type { BaseTruth } from "../../core/domain/live.ts";
import { BumpDetector } from "./bump-detector.ts";
import { EphemerisStore } from "./ephemeris-store.ts";
import { EpochAssembler } from "./epoch-assembler.ts";
import { OwnEphemeridesFirst } from "./own-ephemerides-first.ts";
import type { KnownBase } from "./position-fault.ts";
import { SinglePointCheck } from "./single-point-check.ts";

/** From here on the announced position would spoil the directions to the satellites; the own one, good to some metres, will do. */
const SPOILS_M = 20;
const OWN_COUNT_MIN = 12;

/** Both checks of one base on its frames: where the antenna stands, and whether it was pushed. */
export class AntennaWatch {
  readonly bump: BumpDetector;
  readonly singlePoint: SinglePointCheck;
  readonly #epochs = new EpochAssembler();
  readonly #own = new EphemerisStore();
  readonly #pool: EphemerisStore | null;

  /** @param pool what all mounts share, given and taken; null for a simulated or replayed base, whose sky is not ours */
  constructor({ pool }: { readonly pool: EphemerisStore | null }) {
    this.#pool = pool;
    const ephemerides = new OwnEphemeridesFirst(this.#own, pool);
    this.bump = new BumpDetector({ ephemerides });
    this.singlePoint = new SinglePointCheck({ ephemerides });
  }

  /**
   * Any frame of the base, in order. Work is done when an epoch is complete, which the next one shows, at most once a second of stream time.
   * @param arp the reference point as transmitted; null: not known yet
   * @param atMs any clock that only goes forward, the same for all mounts: for the age of ephemerides, never for orbits
   */
  frame(frame: Uint8Array, arp: Ecef | null, atMs: number): void {
    if (this.#own.put(frame, atMs)) {
      this.#pool?.put(frame, atMs);
      return;
    }
    const epoch = this.#epochs.push(frame);
    if (epoch === null) return;
    this.singlePoint.epoch(epoch);
    const place = this.#placeFor(arp);
    if (place !== null) this.bump.epoch(epoch, place);
  }

  #placeFor(arp: Ecef | null): Ecef | null {
    const own = this.singlePoint.own;
    if (own === null || own.count < OWN_COUNT_MIN) return arp;
    const { xM, yM, zM } = own.position;
    return arp === null || Math.hypot(xM - arp.xM, yM - arp.yM, zM - arp.zM) > SPOILS_M ? own.position : arp;
  }

  /** See `SinglePointCheck.result`. */
  result(announced: Ecef | null, others: readonly KnownBase[]): BaseTruth["singlePoint"] {
    return this.singlePoint.result(announced, others);
  }

  /** Staff have looked, or the antenna was set up anew. */
  reset(): void {
    this.bump.reset();
    this.singlePoint.reset();
  }
}
