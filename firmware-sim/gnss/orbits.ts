import type { Constellation, Ecef } from "rtcm-parser";

/** Round orbits of the nominal constellations: satellites rise, pass and set as over the real Akita, at believable ranges and rates. */
interface Shell {
  readonly radiusM: number;
  readonly inclinationDeg: number;
  readonly satellites: readonly { readonly id: number; readonly nodeDeg: number; readonly argumentDeg: number }[]; // at 2020-01-01, inertial
}

const EPOCH_MS = Date.UTC(2020, 0, 1);
const MU = 3.986004418e14; // m³/s², WGS 84
const EARTH_RAD_PER_S = 7.2921151467e-5;
const RAD = Math.PI / 180;
const GEOSYNCHRONOUS_M = 42_164_169;

const SHELLS: Readonly<Partial<Record<Constellation, readonly Shell[]>>> = {
  GPS: [walker({ radiusM: 26_559_700, inclinationDeg: 55, planes: 6, ids: ids(1, 30) })],
  GLONASS: [walker({ radiusM: 25_508_000, inclinationDeg: 64.8, planes: 3, ids: ids(1, 24) })],
  GALILEO: [walker({ radiusM: 29_599_800, inclinationDeg: 56, planes: 3, ids: [...ids(1, 13), ...ids(18, 19), ...ids(21, 27), 31, 33] })],
  QZSS: [geosynchronous({ inclinationDeg: 40, centreLonDeg: 136, ids: [1, 2, 4] }), geosynchronous({ inclinationDeg: 0, centreLonDeg: 127, ids: [3] })],
  BEIDOU: [
    walker({ radiusM: 27_906_100, inclinationDeg: 55, planes: 3, ids: ids(19, 42) }),
    geosynchronous({ inclinationDeg: 55, centreLonDeg: 118, ids: [6, 7, 8] }), // the geostationary ones (C01–C05) are left out
  ],
};

export const SIMULATED: readonly Constellation[] = ["GPS", "GLONASS", "GALILEO", "QZSS", "BEIDOU"];

/** Positions in the frame that turns with the earth, of every satellite of a constellation, at a time. */
export function satellitesAt(constellation: Constellation, unixMs: number): { readonly id: number; readonly position: Ecef }[] {
  const sinceS = (unixMs - EPOCH_MS) / 1000;
  const turned = EARTH_RAD_PER_S * sinceS;
  return (SHELLS[constellation] ?? []).flatMap((shell) => {
    const meanMotion = Math.sqrt(MU / shell.radiusM ** 3);
    const [sinI, cosI] = [Math.sin(shell.inclinationDeg * RAD), Math.cos(shell.inclinationDeg * RAD)];
    return shell.satellites.map(({ id, nodeDeg, argumentDeg }) => {
      const along = argumentDeg * RAD + meanMotion * sinceS;
      const node = nodeDeg * RAD - turned;
      const [x, y] = [shell.radiusM * Math.cos(along), shell.radiusM * Math.sin(along)];
      return {
        id,
        position: { xM: x * Math.cos(node) - y * cosI * Math.sin(node), yM: x * Math.sin(node) + y * cosI * Math.cos(node), zM: y * sinI },
      };
    });
  });
}

/** Walker's pattern: equal planes, satellites evenly along each, each plane a little further on. */
function walker(shell: { radiusM: number; inclinationDeg: number; planes: number; ids: readonly number[] }): Shell {
  const perPlane = Math.ceil(shell.ids.length / shell.planes);
  return {
    radiusM: shell.radiusM,
    inclinationDeg: shell.inclinationDeg,
    satellites: shell.ids.map((id, i) => {
      const plane = Math.floor(i / perPlane);
      return { id, nodeDeg: (360 / shell.planes) * plane, argumentDeg: (360 / perPlane) * (i % perPlane) + (360 / shell.ids.length) * plane };
    }),
  };
}

/** Once round a day: a figure of eight over its centre, or one place in the sky (inclination 0). All follow one track. */
function geosynchronous(shell: { inclinationDeg: number; centreLonDeg: number; ids: readonly number[] }): Shell {
  return {
    radiusM: GEOSYNCHRONOUS_M,
    inclinationDeg: shell.inclinationDeg,
    satellites: shell.ids.map((id, i) => {
      const argumentDeg = (360 / shell.ids.length) * i;
      return { id, nodeDeg: shell.centreLonDeg - argumentDeg, argumentDeg };
    }),
  };
}

function ids(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
