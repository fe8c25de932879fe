import { medianOf } from "./least-squares.ts";
import { enuOf, type Site } from "./line-of-sight.ts";
import { modelledRange } from "./modelled-range.ts";
import type { SignalObservation } from "./observation-epoch.ts";
import { modelledPhaseM, type PhaseEpoch, type PhasePoint } from "./phase-epoch.ts";
import { circleDifference, type Navigation } from "./physical-constants.ts";
import { type Change, RobustDisplacement, type Row } from "./robust-displacement.ts";
import type { SatelliteNoise } from "./satellite-noise.ts";
import { periodS } from "./satellite-orbit.ts";

/** The first frequency of a satellite and all its others that part by more than this, and this each second, have slipped: the ionosphere is slower. */
const APART_M = 0.03;
const APART_MPS = 0.004;

/**
 * How far the antenna has moved between two epochs: what the phases changed, less what satellites, clocks and air account for. Satellites
 * that slipped are left out. Both times go by one and the same ephemeris: its error is then the same, while a new set is off by another
 * metre. Only where every satellite truly flies along its sets, as in simple simulators, do the sets of both times fit better: the better fit counts.
 * @returns null when too few satellites agree to tell
 */
export function displacementBetween(
  before: PhaseEpoch,
  now: PhaseEpoch,
  { site, noise }: { readonly site: Site; readonly noise: SatelliteNoise },
): Change | null {
  const spanS = (now.streamMs - before.streamMs) / 1000;
  const pairs: Pair[] = [];
  for (const [satellite, point] of now.points) {
    const earlier = before.points.get(satellite);
    if (earlier === undefined) continue;
    if (Math.abs(circleDifference(point.epochS, earlier.epochS, periodS(point.constellation)) - spanS) > 1e-3) continue;
    pairs.push({ satellite, earlier, now: point, sigmaM: noise.sigmaM(satellite, point) });
  }
  const pairing = { site, spanS, tellsLock: now.tellsLock && before.tellsLock };
  const bySameSet = changeOf(pairs, { ...pairing, sets: "same" });
  const renewed = pairs.some(({ earlier, now: point }) => point.ephemeris !== earlier.ephemeris);
  return renewed ? better(bySameSet, changeOf(pairs, { ...pairing, sets: "own" })) : bySameSet;
}

interface Pair {
  readonly satellite: string;
  readonly earlier: PhasePoint;
  readonly now: PhasePoint;
  readonly sigmaM: number;
}

function changeOf(pairs: readonly Pair[], pairing: Pairing): Change | null {
  const rows = pairs.flatMap((pair) => rowOf(pair, pairing) ?? []);
  unwrap(rows);
  return new RobustDisplacement(rows).solve();
}

function better(a: Change | null, b: Change | null): Change | null {
  if (a === null || b === null) return a ?? b;
  return b.used > a.used || (b.used === a.used && b.rmsM < a.rmsM) ? b : a;
}

interface Pairing {
  readonly site: Site;
  readonly spanS: number;
  readonly tellsLock: boolean;
  readonly sets: "same" | "own"; // for the later time: the ephemeris of the earlier, or its own
}

function rowOf({ satellite, earlier, now, sigmaM }: Pair, pairing: Pairing): Row | null {
  const { ephemeris } = earlier;
  const asIs = pairing.sets === "own" || now.ephemeris === ephemeris;
  const model = asIs ? now.model : modelledRange(ephemeris, pairing.site, now.epochS, now.pseudorangeM);
  const changes = now.signals.flatMap((signal) => {
    const old = earlier.signals.find(({ signalId }) => signalId === signal.signalId);
    if (old === undefined || lostLock(old, signal, pairing)) return [];
    const modelM = modelledPhaseM(model, signal) - modelledPhaseM(earlier.model, old);
    return [{ signal, changeM: (signal.phaseRangeM as number) - (old.phaseRangeM as number) - modelM }];
  });
  const first = changes[0];
  if (first === undefined) return null;
  const others = changes.filter(({ signal }) => signal.frequencyHz !== first.signal.frequencyHz && signal.wrapM === null);
  if (others.length > 0 && others.every(({ changeM }) => isApart(first.changeM - changeM, pairing.spanS))) return null;
  const { x, y, z } = model.sight;
  const { eastM: east, northM: north, upM: up } = enuOf(pairing.site, { xM: x, yM: y, zM: z });
  return { satellite, constellation: now.constellation, changeM: first.changeM, wrapM: first.signal.wrapM, east, north, up, sigmaM };
}

const isApart = (m: number, spanS: number): boolean => Math.abs(m) > APART_M + APART_MPS * spanS;

/** The indicator gives a minimum: it falls only when lock was lost, also to another value than 0. */
function lostLock(old: SignalObservation, now: SignalObservation, { spanS, tellsLock }: Pick<Pairing, "spanS" | "tellsLock">): boolean {
  if (old.minLockMs === null || now.minLockMs === null || !tellsLock) return false;
  if (now.minLockMs < old.minLockMs) return true;
  // A lock of under 2 × minimum (the widest step of any table) that is shorter than the span began after `old`.
  return now.minLockMs === 0 || 2 * now.minLockMs + 1000 < spanS * 1000;
}

/** Takes out the ±1500 cycles by which legacy senders shift a phase. */
function unwrap(rows: Row[]): void {
  const bySystem = new Map<Navigation, number[]>();
  for (const { constellation, changeM, wrapM } of rows) {
    if (wrapM === null) continue;
    const changes = bySystem.get(constellation) ?? [];
    changes.push(changeM);
    bySystem.set(constellation, changes);
  }
  for (const [constellation, changes] of bySystem) {
    const middleM = medianOf(changes);
    for (const row of rows) {
      if (row.constellation === constellation && row.wrapM !== null) row.changeM -= Math.round((row.changeM - middleM) / row.wrapM) * row.wrapM;
    }
  }
}
