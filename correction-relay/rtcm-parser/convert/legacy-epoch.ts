import { RtcmError } from "../errors.ts";
import { encodeMessage } from "../message.ts";
import type { TableMessage } from "../messages/registry.ts";
import type { MsmCell, MsmMessage } from "../msm/message.ts";
import { frequencyHz } from "../msm/signals.ts";
import type { LegacyCarriers } from "./legacy-carrier.ts";
import { type LegacySystem, signalFor } from "./legacy-systems.ts";
import { epochPeriodMs } from "./lock-tracker.ts";

type Satellite1004 = Extract<TableMessage, { kind: "1004" }>["satellites"][number];

/** DF006, DF035: five bits. */
const MOST_SATELLITES = 31;
const PSEUDORANGE_PER_M = 50; // 0.02 m
/** DF017, DF047: 14 bits; -2^13 means "none". */
const MOST_L2_DIFFERENCE = 2 ** 13 - 1;

interface GatheredSatellite {
  /** GLONASS; null where no message told it yet, undefined for GPS and SBAS. */
  readonly channel: number | null | undefined;
  readonly cells: Map<number, MsmCell>;
}

/** One system of one epoch, gathered from one MSM or several (multiple message, SBAS beside GPS). */
export class LegacyEpoch {
  readonly system: LegacySystem;
  readonly epochMs: number;
  readonly #first: MsmMessage;
  readonly #satellites = new Map<number, GatheredSatellite>();

  constructor(system: LegacySystem, first: MsmMessage) {
    this.system = system;
    this.epochMs = first.epochMs;
    this.#first = first;
  }

  /** Takes in a message's satellites. Of a signal that comes twice, the first counts. */
  add({ constellation, satellites, cells }: MsmMessage): void {
    const ids = new Map<number, GatheredSatellite>();
    for (const { satelliteId, extendedInfo } of satellites) {
      const id = legacySatelliteId(constellation, satelliteId);
      if (id === null) continue;
      const channel = constellation === "GLONASS" ? channelOf(extendedInfo) : undefined;
      const known = this.#satellites.get(id);
      const gathered = { channel: known?.channel ?? channel, cells: known?.cells ?? new Map<number, MsmCell>() };
      this.#satellites.set(id, gathered);
      ids.set(satelliteId, gathered);
    }
    for (const cell of cells) {
      const signals = ids.get(cell.satelliteId)?.cells;
      if (signals !== undefined && !signals.has(cell.signalId)) signals.set(cell.signalId, cell);
    }
  }

  /** GLONASS slots of this epoch with the channel it told. */
  *channels(): Generator<readonly [slot: number, channel: number]> {
    for (const [id, { channel }] of this.#satellites) if (typeof channel === "number") yield [id, channel];
  }

  /**
   * What is sent of each satellite, in order of their ids; a satellite without an L1 pseudorange, or without a known
   * channel, is left out.
   */
  satellites(carriers: LegacyCarriers, channels: ReadonlyMap<number, number>): { readonly sent: readonly Satellite1004[]; readonly withoutChannel: number } {
    const sent: Satellite1004[] = [];
    let withoutChannel = 0;
    for (const id of [...this.#satellites.keys()].sort((a, b) => a - b)) {
      const { cells, channel: told } = this.#satellites.get(id) as GatheredSatellite;
      const channel = told === null ? channels.get(id) : told;
      if (told === null && channel === undefined) {
        withoutChannel += 1;
        continue;
      }
      const satellite = this.#satellite(id, cells, carriers, channel);
      if (satellite !== null && sent.length < MOST_SATELLITES) sent.push(channel === undefined ? satellite : withChannel(satellite, channel));
    }
    return { sent, withoutChannel };
  }

  /** The whole frame. @param synchronous more of this epoch follows */
  frame(satellites: readonly Satellite1004[], synchronous: boolean): Uint8Array {
    const { stationId, divergenceFreeSmoothing, smoothingInterval } = this.#first;
    const head = { stationId, epochMs: this.epochMs, synchronous, divergenceFreeSmoothing, smoothingInterval };
    return encodeMessage({ kind: this.system.kind, ...head, satellites } as TableMessage);
  }

  #satellite(satelliteId: number, cells: ReadonlyMap<number, MsmCell>, carriers: LegacyCarriers, channel: number | undefined): Satellite1004 | null {
    const { system, epochMs } = this;
    const keys = [1, 2].map((band) => satelliteId * 4 + band) as [number, number];
    const l1 = signalFor(system.l1, cells, { lastSignalId: carriers.lastSignalId(keys[0]), needsRange: true });
    const range = l1 === undefined ? null : rangeOf(system, l1.cell.pseudorangeM as number);
    if (l1 === undefined || range === null) return null;
    const l2 = signalFor(system.l2, cells, { lastSignalId: carriers.lastSignalId(keys[1]), needsRange: false });
    const periodMs = epochPeriodMs(system.epochConstellation);
    const carrier = (band: 0 | 1, cell: MsmCell | undefined) =>
      carriers.next({ key: keys[band], frequencyHz: bandHz(system, band, channel), epochMs, periodMs, referenceM: range.wholeM }, cell);
    const first = carrier(0, l1.cell);
    const second = carrier(1, l2?.cell);
    return {
      satelliteId,
      l1Code: l1.code,
      l1PseudorangeM: range.remainderM,
      l1PhaseMinusPseudorangeM: first.phaseMinusReferenceM,
      l1LockIndicator: first.lockIndicator,
      l1AmbiguityModulus: range.moduli,
      l1CnrDbHz: first.cnrDbHz,
      l2Code: l2?.code ?? 0,
      l2MinusL1PseudorangeM: differenceOf(l2?.cell.pseudorangeM ?? null, range.wholeM),
      l2PhaseMinusL1PseudorangeM: second.phaseMinusReferenceM,
      l2LockIndicator: second.lockIndicator,
      l2CnrDbHz: second.cnrDbHz,
    };
  }
}

const withChannel = (satellite: Satellite1004, frequencyChannel: number): Satellite1004 => ({ ...satellite, frequencyChannel }) as Satellite1004;

/** DF009: GPS 1..32, SBAS PRN 120..138 as 40..58; DF038: slot 1..24. null: the legacy messages have no place for it. */
function legacySatelliteId(constellation: MsmMessage["constellation"], satelliteId: number): number | null {
  if (constellation === "GPS") return satelliteId <= 32 ? satelliteId : null;
  if (constellation === "SBAS") return satelliteId <= 19 ? satelliteId + 39 : null;
  return satelliteId <= 24 ? satelliteId : null;
}

/** DF419: channel + 7 for 0..13; the rest says "unknown". */
const channelOf = (extendedInfo: number | null): number | null => (extendedInfo === null || extendedInfo > 13 ? null : extendedInfo - 7);

function bandHz(system: LegacySystem, band: 0 | 1, channel: number | undefined): number {
  const [signal] = band === 0 ? system.l1 : system.l2;
  const hz = frequencyHz(system.epochConstellation, (signal as { readonly signalId: number }).signalId, channel);
  if (hz === null) throw new RtcmError("INVALID", "a band without a frequency");
  return hz;
}

interface SentRange {
  readonly moduli: number;
  readonly remainderM: number;
  /** What a receiver puts together again. */
  readonly wholeM: number;
}

function rangeOf({ modulusM, mostModuli }: LegacySystem, pseudorangeM: number): SentRange | null {
  const moduli = Math.floor(pseudorangeM / modulusM);
  if (moduli < 0 || moduli > mostModuli) return null;
  const remainderM = Math.round((pseudorangeM - moduli * modulusM) * PSEUDORANGE_PER_M) / PSEUDORANGE_PER_M;
  return { moduli, remainderM, wholeM: moduli * modulusM + remainderM };
}

function differenceOf(pseudorangeM: number | null, referenceM: number): number | null {
  if (pseudorangeM === null) return null;
  const raw = Math.round((pseudorangeM - referenceM) * PSEUDORANGE_PER_M);
  return Math.abs(raw) > MOST_L2_DIFFERENCE ? null : raw / PSEUDORANGE_PER_M;
}
