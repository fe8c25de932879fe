import { latLonToEcef } from "rtcm-parser";
import { AntennaWatch } from "../../../correction-relay/gnss/antenna-watch.ts";
import { EphemerisStore } from "../../../correction-relay/gnss/ephemeris-store.ts";
import { simulateBase } from "./simulated-base.ts";

/**
 * By hand: hours of a base that stands still, over changes of ephemerides, with wandering satellite clocks. Says what the bump detector
 * thought, how near it came to its limit, and what an epoch cost.
 * `node test/correction-relay/gnss/false-alarm-soak.ts [hours] [seed] [wander of the clocks, m]`
 */
const [hours = 6, seed = 1, wanderM = 0.002] = process.argv.slice(2).map(Number);
const antenna = latLonToEcef({ latDeg: 39.42, lonDeg: 140.55, heightM: 60 });
const pool = new EphemerisStore();
const watch = new AntennaWatch({ pool });
let [epochs, workMs, nearest, stillEpochs, steps, largestM] = [0, 0, 0, 0, 0, 0];
const changesM: number[] = [];
for (const { frames, unixMs } of simulateBase({ startUnixMs: Date.UTC(2026, 4, 16, 22), seconds: hours * 3600, antenna, seed, wanderM })) {
  const beganMs = performance.now();
  for (const frame of frames) watch.frame(frame, antenna, unixMs);
  workMs += performance.now() - beganMs;
  epochs += 1;
  const { bump } = watch;
  if (bump.state === "still") stillEpochs += 1;
  nearest = Math.max(nearest, (bump.displacementM ?? 0) / bump.limitM);
  largestM = Math.max(largestM, bump.limitM);
  const { lastChange } = bump;
  if (lastChange !== null) changesM.push(Math.hypot(lastChange.movedM.eastM, lastChange.movedM.northM, lastChange.movedM.upM));
  if (bump.state === "moved") {
    steps += 1;
    console.log("moved", { afterS: epochs, displacementM: bump.displacementM, limitM: bump.limitM });
    bump.reset();
  }
}
changesM.sort((a, b) => a - b);
const mm = (m: number | undefined): number => Math.round((m ?? Number.NaN) * 10_000) / 10;
console.log({
  ...{ hours, seed, wanderM, epochs, stillEpochs, falseSteps: steps, nearestShareOfLimit: nearest, largestLimitMm: mm(largestM) },
  ...{ medianChangeMm: mm(changesM[changesM.length >> 1]), largestChangeMm: mm(changesM.at(-1)), msPerEpoch: workMs / epochs },
  ...watch.bump.counters,
  singlePoint: watch.result(antenna, []),
  sets: pool.counters,
});
