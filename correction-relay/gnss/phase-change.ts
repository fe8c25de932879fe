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
 * How far the antenna has moved between two epochs: what the phases changed, less what satellites, clocks and air account for by one and
 * the same ephemeris for both times. Satellites that slipped are left out.
 * @returns null when too few satellites agree to tell
 */
export function displacementBetween(
  before: PhaseEpoch,
  now: PhaseEpoch,
  { site, noise }: { readonly site: Site; readonly noise: SatelliteNoise },
): Change | null {
  const spanS = (now.streamMs - before.streamMs) / 1000;
  const rows: Row[] = [];
  for (const [key, point] of now.points) {
    const earlier = before.points.get(key);
    if (earlier === undefined) continue;
    if (Math.abs(circleDifference(point.epochS, earlier.epochS, periodS(point.constellation)) - spanS) > 1e-3) continue;
    const row = rowOf(earlier, point, { satellite: key, sigmaM: noise.sigmaM(key, point), site, spanS, tellsLock: now.tellsLock && before.tellsLock });
    if (row !== null) rows.push(row);
  }
  unwrap(rows);
  const change = new RobustDisplacement(rows).solve();
  if (change !== null) noise.learn(change.residualsM, spanS);
  return change;
}

interface Pairing {
  readonly satellite: string;
  readonly sigmaM: number;
  readonly site: Site;
  readonly spanS: number;
  readonly tellsLock: boolean;
}

function rowOf(earlier: PhasePoint, now: PhasePoint, pairing: Pairing): Row | null {
  const { ephemeris } = earlier;
  const model = now.ephemeris === ephemeris ? now.model : modelledRange(ephemeris, pairing.site, now.epochS, now.pseudorangeM);
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
  const { satellite, sigmaM } = pairing;
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
