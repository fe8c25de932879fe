import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Constellation, crc24q, decodeMessage, encodeMessage, FrameSplitter, msmFromObservations, type Observation, type RtcmMessage } from "rtcm-parser";
import { programPath } from "../test/support/requirements.ts";

/**
 * Framing speed: a stream of MSM7 of four systems, 1006 and 1230 through `FrameSplitter`, beside one bare CRC-24Q pass over
 * the same bytes, which is the least that checking them can cost, and beside RTKLIB's `convbin`, which decodes them and
 * writes RINEX. One round measures each of them once, one after the other; printed is the median of the rounds.
 * Last, the worst a sender can do: a false header, claiming 979 bytes, in every second byte.
 */
const STREAM_BYTES = 8_000_000;
const ROUNDS = 7;
const DAY_MS = 86_400_000;
const SYSTEMS: readonly (readonly [Constellation, satellites: number, signals: readonly number[]])[] = [
  ["GPS", 10, [2, 16]],
  ["GLONASS", 7, [2, 8]],
  ["GALILEO", 8, [2, 15]],
  ["BEIDOU", 12, [2, 14]],
];
const STATION: RtcmMessage = {
  ...{ kind: "1006", stationId: 1, itrfYear: 0, gps: true, glonass: true, galileo: true, nonPhysical: false, singleOscillator: true, quarterCycle: 0 },
  ...{ xM: -3_857_167.65, yM: 3_108_694.91, zM: 4_004_041.69, antennaHeightM: 0 },
};
const BIAS: RtcmMessage = { kind: "1230", stationId: 1, biasIndicator: 1, signalMask: 10, l1CaBiasM: 0, l1PBiasM: null, l2CaBiasM: 0, l2PBiasM: null };

function observationsOf(satellites: number, signals: readonly number[], second: number): Observation[] {
  return Array.from({ length: satellites * signals.length }, (_, i) => {
    const satelliteId = 1 + 2 * Math.floor(i / signals.length);
    const rangeM = 2e7 + satelliteId * 170_000 + second * 300 * ((satelliteId % 3) - 1);
    return {
      satelliteId,
      signalId: signals[i % signals.length] as number,
      ...{ pseudorangeM: rangeM, phaseRangeM: rangeM + 3, rangeRateMps: 300 * ((satelliteId % 3) - 1), cnrDbHz: 30 + (satelliteId % 20) },
      ...{ lockMs: 1000 * second, halfCycle: false, glonassChannel: (satelliteId % 14) - 7 },
    };
  });
}

function syntheticStream(): { readonly bytes: Uint8Array; readonly frames: number } {
  const parts: Uint8Array[] = [];
  for (let second = 0, total = 0; total < STREAM_BYTES; second += 1) {
    const epochMs = (second * 1000) % DAY_MS;
    const epoch = SYSTEMS.map(([constellation, satellites, signals], i) => {
      const head = { constellation, msm: 7, stationId: 1, epochMs, dayOfWeek: constellation === "GLONASS" ? 0 : null, multipleMessage: i < 3 } as const;
      return encodeMessage(msmFromObservations(head, observationsOf(satellites, signals, second % 3600)));
    });
    if (second % 10 === 0) epoch.push(encodeMessage(STATION), encodeMessage(BIAS));
    parts.push(...epoch);
    total += epoch.reduce((sum, frame) => sum + frame.length, 0);
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), frames: parts.length };
}

const { bytes, frames } = syntheticStream();

function framing(chunkBytes: number, use: (frame: Uint8Array) => void): void {
  const splitter = new FrameSplitter();
  let found = 0;
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    for (const frame of splitter.push(bytes.subarray(at, at + chunkBytes))) {
      use(frame);
      found += 1;
    }
  }
  if (found !== frames) throw new Error(`${found} frames of ${frames}`);
}

const folder = mkdtempSync(join(tmpdir(), "azemichi-bench-"));
const file = join(folder, "stream.rtcm3");
writeFileSync(file, bytes);

/** The whole program: it reads the file twice, once for the signals in it. */
function convbin(program: string): void {
  const rinex = join(folder, "stream.obs");
  const { status } = spawnSync(program, ["-r", "rtcm3", "-v", "3.04", "-tr", "2024/06/02", "00:00:00", "-o", rinex, file], { stdio: "ignore" });
  if (status !== 0 || statSync(rinex).size < bytes.length / 2) throw new Error(`convbin: status ${status}, ${statSync(rinex).size} bytes`);
}

const program = programPath("convbin");
const contenders: readonly (readonly [name: string, run: () => void])[] = [
  ["crc24q alone", () => void crc24q(bytes)],
  ...[bytes.length, 65_536, 1460, 100].map((size) => [`framing, pieces of ${size}`, () => framing(size, () => {})] as const),
  ["framing and decoding all", () => framing(65_536, (frame) => void decodeMessage(frame))],
  ...(program === undefined ? [] : [["convbin, to RINEX", () => convbin(program)] as const]),
];

const speeds = new Map<string, number[]>(contenders.map(([name]) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, run] of contenders) {
    const startMs = performance.now();
    run();
    speeds.get(name)?.push(bytes.length / 1000 / (performance.now() - startMs));
  }
}
rmSync(folder, { recursive: true });

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const alone = median(speeds.get("crc24q alone") ?? []);
const rival = median(speeds.get("convbin, to RINEX") ?? []);
console.log(`stream ${bytes.length} bytes, ${frames} frames, ${ROUNDS} rounds, node ${process.version}`);
console.log(`${"".padEnd(28)}${"MB/s".padStart(6)}${"of CRC".padStart(8)}${"× convbin".padStart(11)}`);
for (const [name, values] of speeds) {
  const speed = median(values);
  const times = rival === 0 ? "-" : (speed / rival).toFixed(1);
  console.log(`${name.padEnd(28)}${speed.toFixed(1).padStart(6)}${(speed / alone).toFixed(2).padStart(8)}${times.padStart(11)}`);
}

const hostile = new Uint8Array(200_000).map((_, i) => (i % 2 === 0 ? 0xd3 : 0x03));
const startMs = performance.now();
for (const _ of new FrameSplitter().push(hostile)) throw new Error("a frame where there is none");
console.log(`${"hostile headers".padEnd(28)}${(hostile.length / 1000 / (performance.now() - startMs)).toFixed(1).padStart(6)}`);
