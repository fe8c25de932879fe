import type { Ecef } from "rtcm-parser";
import type { BaseTruth, Sentence } from "../../core/domain/live.ts";
import { codeRangesOf } from "./code-range.ts";
import type { ObservationEpoch } from "./observation-epoch.ts";
import type { Ephemerides } from "./own-ephemerides-first.ts";
import { solvePoint } from "./point-solution.ts";
import { type AveragePosition, PositionAverage } from "./position-average.ts";
import { compare, FAULT_M, type KnownBase } from "./position-fault.ts";
import { faultSentence, INSUFFICIENT } from "./single-point-words.ts";

/** Positions in a row are alike; so many seconds apart they tell more for less work. */
const EVERY_MS = 5000;
/** How long must be averaged before it judges. */
const SPAN_MIN_S = 600;
const COUNT_MIN = 60;
/** Single positions that scatter more than this are no ground for a judgement of 10 m. */
const SCATTER_MAX_M = 15;
/** How much of the modelled ionosphere at the zenith can come out in the height, where one frequency leaves it in. */
const HEIGHT_PER_IONOSPHERE = 1.5;

/**
 * A base's own position by code ranges and broadcast ephemerides, against the one it announces. Time comes from the stream: every system's
 * epochs and ephemerides are in that system's own time, and no week, leap second or clock of this computer enters. Finds errors of more
 * than 10 m; epochs of a datum (元期, 今期) differ by decimetres, which it cannot see.
 */
export class SinglePointCheck {
  readonly #ephemerides: Ephemerides;
  readonly #average = new PositionAverage();
  #lastMs: number | null = null;
  #stationId: number | null = null;
  #trouble: Sentence = INSUFFICIENT.noObservations;
  #solved = 0;
  #unsolved = 0;

  constructor({ ephemerides }: { readonly ephemerides: Ephemerides }) {
    this.#ephemerides = ephemerides;
  }

  /** Epochs that gave a position, and that did not. */
  get counters(): { readonly solved: number; readonly unsolved: number } {
    return { solved: this.#solved, unsolved: this.#unsolved };
  }

  /** The own position, averaged so far; null before there is one. */
  get own(): AveragePosition | null {
    return this.#average.average();
  }

  epoch(epoch: ObservationEpoch): void {
    if (this.#stationId !== null && epoch.stationId !== this.#stationId) this.reset();
    this.#stationId = epoch.stationId;
    if (this.#lastMs !== null && epoch.streamMs - this.#lastMs < EVERY_MS) return;
    this.#lastMs = epoch.streamMs;
    const { ranges, observed, known } = codeRangesOf(epoch, this.#ephemerides);
    const solution = solvePoint(ranges, this.#average.newest);
    if (solution !== null) {
      this.#solved += 1;
      this.#average.add(epoch.streamMs / 1000, solution);
      return;
    }
    this.#unsolved += 1;
    this.#trouble = troubleOf(observed, known);
  }

  /** Another station, or an antenna that was moved: begin anew. */
  reset(): void {
    this.#average.clear();
    this.#lastMs = null;
    this.#stationId = null;
    this.#trouble = INSUFFICIENT.noObservations;
  }

  /**
   * @param announced the reference point as transmitted; null: none yet
   * @param others surveys of the site's other bases, for stations that were swapped
   */
  result(announced: Ecef | null, others: readonly KnownBase[]): BaseTruth["singlePoint"] {
    const spanS = Math.floor(this.#average.spanS);
    const insufficient = (note: Sentence): BaseTruth["singlePoint"] => ({ state: "insufficient", offM: null, upM: null, spanS, note });
    const own = this.#average.average();
    if (own === null) return insufficient(this.#trouble);
    if (announced === null) return insufficient(INSUFFICIENT.noAntenna);
    if (own.spanS < SPAN_MIN_S || own.count < COUNT_MIN) return insufficient(INSUFFICIENT.averaging(own.spanS, SPAN_MIN_S));
    if (own.scatterM > SCATTER_MAX_M) return insufficient(INSUFFICIENT.unsteady);
    const heightLimitM = FAULT_M + HEIGHT_PER_IONOSPHERE * own.ionosphereM;
    const { fault, off, offM } = compare(announced, own.position, { heightLimitM, others });
    return { state: fault.kind === "none" ? "agrees" : "contradicts", offM, upM: off.upM, spanS, note: faultSentence(fault, offM, own.leftOutSystems) };
  }
}

function troubleOf(observed: number, known: number): Sentence {
  if (observed === 0) return INSUFFICIENT.noObservations;
  if (known === 0) return INSUFFICIENT.noEphemerides;
  // Satellites are in view, but the orbits of only a few are known.
  if (known < ENOUGH) return 2 * known < observed ? INSUFFICIENT.noEphemerides : INSUFFICIENT.fewSatellites;
  return INSUFFICIENT.contradictory;
}

const ENOUGH = 6;
