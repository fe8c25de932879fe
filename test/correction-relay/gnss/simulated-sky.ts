import { decodeMessage, encodeMessage, type MessageToSend } from "rtcm-parser";
import { type Ephemeris, ephemerisOf, type GlonassEphemeris, type KeplerEphemeris } from "../../../correction-relay/gnss/ephemeris.ts";
import { circleDifference, DAY_S, EARTH_RAD_PER_S, MU_M3_PER_S2, WEEK_S } from "../../../correction-relay/gnss/physical-constants.ts";
import { type SatelliteState, satelliteState } from "../../../correction-relay/gnss/satellite-orbit.ts";
import { SeededRandom } from "./random.ts";

/** GPS time of a Unix time, s since 1980-01-06. */
export function gpsSeconds(unixMs: number): number {
  return unixMs / 1000 - 315_964_800 + GPS_MINUS_UTC_S;
}
export const GPS_MINUS_UTC_S = 18;
const BDT_BEHIND_S = 14;

export interface SimulatedSatellite {
  readonly constellation: KeplerEphemeris["constellation"] | "GLONASS";
  readonly satelliteId: number;
  readonly channel: number; // GLONASS
  /** Where it truly is; smooth over every change of the broadcast set. */
  state(gpsS: number): SatelliteState;
  /** Its system's own time (week, GLONASS day). */
  systemS(gpsS: number): number;
  /** The broadcast set in force, rounded as the message rounds it. */
  broadcast(gpsS: number): MessageToSend;
  /** Delay of code signals against the broadcast clock, s: [first, second] frequency. */
  readonly codeDelaysS: readonly [number, number];
}

const mod = (a: number, b: number): number => ((a % b) + b) % b;
const SET_S = 7200;
const GAMMA = { L2: (1575.42 / 1227.6) ** 2, E5B: (1575.42 / 1207.14) ** 2 };

interface Shell {
  readonly constellation: KeplerEphemeris["constellation"];
  readonly radiusM: number;
  readonly inclinationDeg: number;
  readonly planes: number;
  readonly ids: readonly number[];
  /** Geosynchronous: all follow one figure of eight over this longitude. */
  readonly centreLonDeg?: number;
}

const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
const SHELLS: readonly Shell[] = [
  { constellation: "GPS", radiusM: 26_559_700, inclinationDeg: 55, planes: 6, ids: range(1, 30) },
  { constellation: "GALILEO", radiusM: 29_599_800, inclinationDeg: 56, planes: 3, ids: range(1, 24) },
  { constellation: "BEIDOU", radiusM: 27_906_100, inclinationDeg: 55, planes: 3, ids: range(19, 24) },
  { constellation: "BEIDOU", radiusM: 42_164_200, inclinationDeg: 55, planes: 1, ids: range(6, 3), centreLonDeg: 118 },
  { constellation: "QZSS", radiusM: 42_164_200, inclinationDeg: 41, planes: 1, ids: range(1, 3), centreLonDeg: 136 },
];

/** Nominal constellations with small irregularities, from `startUnixMs` on for some days. */
export function simulatedSky(startUnixMs: number, seed: number): SimulatedSatellite[] {
  const startS = gpsSeconds(startUnixMs);
  const random = new SeededRandom(seed);
  const kepler = SHELLS.flatMap((shell) => shell.ids.map((satelliteId, i) => keplerSatellite(orbitOf(shell, { satelliteId, i, startS, random }), startS)));
  return [...kepler, ...range(1, 24).map((satelliteId, i) => glonassSatellite({ satelliteId, i, startS, random }))];
}

interface Seat {
  readonly satelliteId: number;
  readonly i: number;
  readonly startS: number;
  readonly random: SeededRandom;
}

function orbitOf(shell: Shell, { satelliteId, i, startS, random }: Seat): KeplerEphemeris {
  const perPlane = Math.ceil(shell.ids.length / shell.planes);
  const plane = Math.floor(i / perPlane);
  const toeS = mod(Math.round(startS / SET_S) * SET_S, WEEK_S);
  const small = (size: number): number => size * (2 * random.uniform() - 1);
  const argument =
    shell.centreLonDeg === undefined ? 2 * Math.PI * ((i % perPlane) / perPlane + plane / shell.ids.length) : (2 * Math.PI * i) / shell.ids.length;
  const earth = EARTH_RAD_PER_S[shell.constellation];
  // Geosynchronous ones: node less argument fixes the longitude over which they turn.
  const node = shell.centreLonDeg === undefined ? (2 * Math.PI * plane) / shell.planes + 0.3 : (shell.centreLonDeg * Math.PI) / 180 - argument + earth * toeS;
  const [m0Rad, omegaRad] = shell.centreLonDeg === undefined ? [argument - 0.7, 0.7] : [argument - 1.5, 1.5];
  const tgd = small(8e-9);
  return {
    kind: "kepler",
    constellation: shell.constellation,
    satelliteId,
    message: ({ GPS: "1019", QZSS: "1044", GALILEO: "1046", BEIDOU: "1042" } as const)[shell.constellation],
    healthy: true,
    referenceS: toeS,
    clockReferenceS: toeS,
    issue: 0,
    clock: [small(4e-4), small(5e-12), 0],
    sqrtA: Math.sqrt(shell.radiusM + small(2000)),
    eccentricity: 0.002 + Math.abs(small(0.008)),
    m0Rad: m0Rad + small(0.02),
    deltaNRadPerS: 4.5e-9,
    omega0Rad: node,
    omegaDotRadPerS: -8e-9,
    i0Rad: (shell.inclinationDeg * Math.PI) / 180 + small(0.01),
    idotRadPerS: small(3e-10),
    omegaRad,
    cucRad: small(5e-6),
    cusRad: small(8e-6),
    cicRad: small(2e-7),
    cisRad: small(2e-7),
    crcM: 200 + small(100),
    crsM: small(100),
    groupDelaysS: [tgd, shell.constellation === "BEIDOU" ? small(8e-9) : 0],
  };
}

function keplerSatellite(orbit: KeplerEphemeris, startS: number): SimulatedSatellite {
  const { constellation, satelliteId, groupDelaysS } = orbit;
  const behindS = constellation === "BEIDOU" ? BDT_BEHIND_S : 0;
  const systemS = (gpsS: number): number => mod(gpsS - behindS, WEEK_S);
  const [first, second] = groupDelaysS;
  return {
    constellation,
    satelliteId,
    channel: 0,
    codeDelaysS: constellation === "BEIDOU" ? [first, second] : [first, first * (constellation === "GALILEO" ? GAMMA.E5B : GAMMA.L2)],
    systemS,
    state: (gpsS) => satelliteState(orbit, systemS(gpsS)),
    broadcast(gpsS) {
      const sets = Math.floor(gpsS / SET_S) + 1 - Math.round(startS / SET_S); // the next even hour's
      return keplerMessage(laterSet(orbit, sets), gpsS - behindS, mod(sets, 200) + 1);
    },
  };
}

/** The same orbit, written down for a reference time `sets` × 2 h later. */
function laterSet(orbit: KeplerEphemeris, sets: number): KeplerEphemeris {
  const laterS = sets * SET_S;
  const n = Math.sqrt(MU_M3_PER_S2[orbit.constellation] / orbit.sqrtA ** 6) + orbit.deltaNRadPerS;
  const referenceS = mod(orbit.referenceS + laterS, WEEK_S);
  const [af0, af1] = orbit.clock;
  return {
    ...orbit,
    referenceS,
    clockReferenceS: referenceS,
    clock: [af0 + af1 * laterS, af1, 0],
    m0Rad: orbit.m0Rad + n * laterS,
    i0Rad: orbit.i0Rad + orbit.idotRadPerS * laterS,
    // The node is counted from the week's beginning: over a roll-over the earth has turned on.
    omega0Rad: orbit.omega0Rad + orbit.omegaDotRadPerS * laterS + EARTH_RAD_PER_S[orbit.constellation] * (referenceS - orbit.referenceS - laterS),
  };
}

function keplerMessage(set: KeplerEphemeris, systemTotalS: number, issue: number): MessageToSend {
  const week = Math.floor((systemTotalS - circleDifference(mod(systemTotalS, WEEK_S), set.referenceS, WEEK_S)) / WEEK_S);
  const sc = (rad: number): number => {
    const value = circleDifference(rad / Math.PI, 0, 2);
    return Math.min(value, 1 - 2 ** -31);
  };
  const [af0, af1, af2] = set.clock;
  const orbit = {
    satelliteId: set.satelliteId,
    crsM: set.crsM,
    deltaNScPerS: set.deltaNRadPerS / Math.PI,
    m0Sc: sc(set.m0Rad),
    cucRad: set.cucRad,
    e: set.eccentricity,
    cusRad: set.cusRad,
    sqrtA: set.sqrtA,
    toeS: set.referenceS,
    cicRad: set.cicRad,
    omega0Sc: sc(set.omega0Rad),
    cisRad: set.cisRad,
    i0Sc: sc(set.i0Rad),
    crcM: set.crcM,
    omegaSc: sc(set.omegaRad),
    omegaDotScPerS: set.omegaDotRadPerS / Math.PI,
    idotScPerS: set.idotRadPerS / Math.PI,
    tocS: set.clockReferenceS,
  };
  const polynomial = { af0S: af0, af1SPerS: af1, af2SPerS2: af2 };
  const navstar = {
    ...orbit,
    ...polynomial,
    week: mod(week, 1024),
    ura: 0,
    codeOnL2: 1,
    iode: issue,
    iodc: issue,
    tgdS: set.groupDelaysS[0],
    health: 0,
    fit: 0,
  };
  switch (set.message) {
    case "1019":
      return { kind: "1019", ...navstar, l2p: 0 };
    case "1044":
      return { kind: "1044", ...navstar };
    case "1042": {
      const [first, second] = set.groupDelaysS;
      const clock = { a0S: af0, a1SPerS: af1, a2SPerS2: af2, tgd1Ns: first * 1e9, tgd2Ns: second * 1e9, aode: mod(issue, 31), aodc: mod(issue, 31) };
      return { kind: "1042", ...orbit, ...clock, week: week - 1356, urai: 0, health: 0 };
    }
    default: {
      const health = { e5bHealth: 0, e5bDvs: 0, e1bHealth: 0, e1bDvs: 0 };
      const delays = { bgdE5aE1S: set.groupDelaysS[0], bgdE5bE1S: set.groupDelaysS[0] };
      return { kind: "1046", ...orbit, ...polynomial, ...health, ...delays, week: week - 1024, iodNav: issue, sisa: 107 };
    }
  }
}

const NODE_S = 900;

function glonassSatellite({ satelliteId, i, startS, random }: Seat): SimulatedSatellite {
  const channel = (i % 14) - 7;
  const firstNodeS = (Math.floor((startS - GPS_MINUS_UTC_S) / NODE_S) - 1) * NODE_S + GPS_MINUS_UTC_S; // message 1020 counts quarters of UTC
  const [tauNS, gammaN] = [1e-4 * (2 * random.uniform() - 1), 2e-12 * (2 * random.uniform() - 1)];
  const nodes: GlonassEphemeris[] = [circularStart({ satelliteId, i, channel, nodeS: firstNodeS, tauNS, gammaN })];
  const node = (n: number): GlonassEphemeris => {
    for (let last = nodes.at(-1) as GlonassEphemeris; nodes.length <= n; last = nodes.at(-1) as GlonassEphemeris) nodes.push(nextNode(last));
    return nodes[n] as GlonassEphemeris;
  };
  const systemS = (gpsS: number): number => mod(gpsS - GPS_MINUS_UTC_S + 3 * 3600, DAY_S);
  return {
    constellation: "GLONASS",
    satelliteId,
    channel,
    codeDelaysS: [0, 0],
    systemS,
    state: (gpsS) => satelliteState(node(Math.floor((gpsS - firstNodeS) / NODE_S)), systemS(gpsS)),
    broadcast(gpsS) {
      const middle = 2 * Math.floor((gpsS - firstNodeS) / (2 * NODE_S)) + 1; // the quarter of an hour in the middle of each half hour
      return glonassMessage(node(middle));
    },
  };
}

interface GlonassStart {
  readonly satelliteId: number;
  readonly i: number;
  readonly channel: number;
  readonly nodeS: number;
  readonly tauNS: number;
  readonly gammaN: number;
}

function circularStart({ satelliteId, i, channel, nodeS, tauNS, gammaN }: GlonassStart): GlonassEphemeris {
  const radiusM = 25_508_000;
  const earth = EARTH_RAD_PER_S.GLONASS;
  const speed = Math.sqrt(MU_M3_PER_S2.GLONASS / radiusM);
  const along = (2 * Math.PI * (i % 8)) / 8 + (Math.floor(i / 8) * Math.PI) / 12;
  const node = (2 * Math.PI * Math.floor(i / 8)) / 3 + 1;
  const tilt = (64.8 * Math.PI) / 180;
  const [cosN, sinN, cosI, sinI] = [Math.cos(node), Math.sin(node), Math.cos(tilt), Math.sin(tilt)];
  const place = (c: number, s: number): [number, number, number] => [c * cosN - s * cosI * sinN, c * sinN + s * cosI * cosN, s * sinI];
  const [x, y, z] = place(radiusM * Math.cos(along), radiusM * Math.sin(along));
  const [vx, vy, vz] = place(-speed * Math.sin(along), speed * Math.cos(along));
  const referenceS = mod(nodeS - GPS_MINUS_UTC_S + 3 * 3600, DAY_S);
  const orbit = { positionM: [x, y, z], velocityMps: [vx + earth * y, vy - earth * x, vz], accelerationMps2: [0, 0, 0] } as const;
  return {
    kind: "glonass",
    constellation: "GLONASS",
    satelliteId,
    message: "1020",
    healthy: true,
    referenceS,
    issue: 0,
    frequencyChannel: channel,
    ...orbit,
    tauNS,
    gammaN,
  };
}

function nextNode(last: GlonassEphemeris): GlonassEphemeris {
  const at = (s: number): [number, number, number] => {
    const { xM, yM, zM } = satelliteState(last, last.referenceS + s);
    return [xM, yM, zM];
  };
  // Speed by a difference of second order; what it is off by makes the truth no less smooth within a node.
  const [before, after] = [at(NODE_S - 1), at(NODE_S + 1)];
  const velocityMps = [0, 1, 2].map((k) => ((after[k] as number) - (before[k] as number)) / 2) as unknown as [number, number, number];
  const referenceS = mod(last.referenceS + NODE_S, DAY_S);
  return { ...last, referenceS, positionM: at(NODE_S), velocityMps, tauNS: last.tauNS - last.gammaN * NODE_S };
}

function glonassMessage(set: GlonassEphemeris): MessageToSend {
  const km = (m: number): number => m / 1000;
  const [x, y, z] = set.positionM;
  const [vx, vy, vz] = set.velocityMps;
  return {
    kind: "1020",
    ...{ satelliteId: set.satelliteId, frequencyChannel: set.frequencyChannel, almHealth: 1, almHealthAvail: 1, p1: 1, tk: 0, bnMsb: 0, p2: 0 },
    ...{
      tbS: set.referenceS,
      vxKmPerS: km(vx),
      xKm: km(x),
      axKmPerS2: 0,
      vyKmPerS: km(vy),
      yKm: km(y),
      ayKmPerS2: 0,
      vzKmPerS: km(vz),
      zKm: km(z),
      azKmPerS2: 0,
    },
    ...{ p3: 0, gammaN: set.gammaN, mP: 0, ln3: 0, tauNS: set.tauNS, dTauNS: 0, en: 0, p4: 0, ft: 1, nt: 1, m: 1 },
    ...{ addAvail: 0, na: 0, tauCS: 0, n4: 0, tauGpsS: 0, ln5: 0 },
  };
}

/**
 * The same sky as simple simulators have it: every satellite flies along the set that it broadcasts, and jumps by centimetres (GLONASS by
 * decimetres) when the set changes. No real satellite does.
 */
export function onBroadcastOrbits(sky: readonly SimulatedSatellite[]): SimulatedSatellite[] {
  return sky.map((satellite) => {
    const sets = new Map<number, Ephemeris>(); // by half hour: no set changes within
    const setAt = (gpsS: number): Ephemeris => {
      const halfHour = Math.floor((gpsS - GPS_MINUS_UTC_S) / 1800) + (Math.floor(gpsS / SET_S) % 2) * 1e9;
      const known = sets.get(halfHour) ?? (ephemerisOf(decodeMessage(encodeMessage(satellite.broadcast(gpsS)))) as Ephemeris);
      sets.set(halfHour, known);
      return known;
    };
    return { ...satellite, state: (gpsS) => satelliteState(setAt(gpsS), satellite.systemS(gpsS)) };
  });
}
