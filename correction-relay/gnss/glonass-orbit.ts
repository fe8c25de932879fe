import type { GlonassEphemeris } from "./ephemeris.ts";
import { circleDifference, DAY_S, EARTH_RAD_PER_S, MU_M3_PER_S2 } from "./physical-constants.ts";
import type { SatelliteState } from "./satellite-orbit.ts";

const STEP_S = 60;
const J2 = 1.0826257e-3;
const EQUATOR_M = 6_378_136;
const MU = MU_M3_PER_S2.GLONASS;
const EARTH = EARTH_RAD_PER_S.GLONASS;

/** x, y, z, vx, vy, vz; m and m/s in the frame that turns with the earth. */
type Motion = readonly [number, number, number, number, number, number];
type Acceleration = readonly [number, number, number];

/** Position (PZ-90, m) and clock (s) at a second of the day in UTC + 3 h: GLONASS ICD 5.1 §A.3.1.2, Runge and Kutta's fourth order. */
export function glonassState(eph: GlonassEphemeris, daySecondS: number): SatelliteState {
  const sinceS = circleDifference(daySecondS, eph.referenceS, DAY_S);
  let motion: Motion = [...eph.positionM, ...eph.velocityMps];
  for (let leftS = sinceS; Math.abs(leftS) > 1e-9; ) {
    const stepS = Math.abs(leftS) < STEP_S ? leftS : Math.sign(leftS) * STEP_S;
    motion = stepped(motion, eph.accelerationMps2, stepS);
    leftS -= stepS;
  }
  return { xM: motion[0], yM: motion[1], zM: motion[2], clockS: -eph.tauNS + eph.gammaN * sinceS };
}

function stepped(at: Motion, sunAndMoon: Acceleration, stepS: number): Motion {
  const k1 = derivative(at, sunAndMoon);
  const k2 = derivative(moved(at, k1, stepS / 2), sunAndMoon);
  const k3 = derivative(moved(at, k2, stepS / 2), sunAndMoon);
  const k4 = derivative(moved(at, k3, stepS), sunAndMoon);
  const sixth = stepS / 6;
  return [
    at[0] + (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0]) * sixth,
    at[1] + (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1]) * sixth,
    at[2] + (k1[2] + 2 * k2[2] + 2 * k3[2] + k4[2]) * sixth,
    at[3] + (k1[3] + 2 * k2[3] + 2 * k3[3] + k4[3]) * sixth,
    at[4] + (k1[4] + 2 * k2[4] + 2 * k3[4] + k4[4]) * sixth,
    at[5] + (k1[5] + 2 * k2[5] + 2 * k3[5] + k4[5]) * sixth,
  ];
}

function moved(at: Motion, by: Motion, s: number): Motion {
  return [at[0] + by[0] * s, at[1] + by[1] * s, at[2] + by[2] * s, at[3] + by[3] * s, at[4] + by[4] * s, at[5] + by[5] * s];
}

function derivative([x, y, z, vx, vy, vz]: Motion, [ax, ay, az]: Acceleration): Motion {
  const r2 = x * x + y * y + z * z;
  const gravity = -MU / (r2 * Math.sqrt(r2));
  const flattening = (1.5 * J2 * EQUATOR_M * EQUATOR_M) / r2;
  const tilt = (5 * z * z) / r2;
  const level = gravity * (1 + flattening * (1 - tilt));
  return [
    vx,
    vy,
    vz,
    level * x + EARTH * EARTH * x + 2 * EARTH * vy + ax,
    level * y + EARTH * EARTH * y - 2 * EARTH * vx + ay,
    gravity * (1 + flattening * (3 - tilt)) * z + az,
  ];
}
