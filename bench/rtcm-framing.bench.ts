import { crc24q, FrameSplitter, frameOf } from "rtcm-parser";

/**
 * Framing speed: a synthetic stream of 25..430-byte frames through `FrameSplitter`, beside one bare CRC-24Q pass
 * over the same bytes, which is the least that checking them can cost. Prints MB/s and the ratio.
 * Last, the worst a sender can do: a false header, claiming 979 bytes, in every second byte.
 */
const STREAM_BYTES = 8_000_000;
const ROUNDS = 5;

function syntheticStream(): { readonly bytes: Uint8Array; readonly frames: number } {
  const parts: Uint8Array[] = [];
  for (let total = 0; total < STREAM_BYTES; total += parts.at(-1)?.length ?? 0) {
    const seed = parts.length;
    parts.push(frameOf(new Uint8Array(19 + ((seed * 37) % 406)).map((_, i) => seed * 31 + i * 7)));
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), frames: parts.length };
}

/** Best of some rounds, in MB/s. */
function megabytesPerS(bytes: number, run: () => void): number {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startMs = performance.now();
    run();
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }
  return bytes / 1000 / bestMs;
}

const { bytes, frames } = syntheticStream();
const crcMbPerS = megabytesPerS(bytes.length, () => crc24q(bytes));
console.log(`stream ${bytes.length} bytes, ${frames} frames, node ${process.version}`);
console.log(`crc24q alone            ${crcMbPerS.toFixed(0).padStart(5)} MB/s`);

for (const chunkBytes of [bytes.length, 65_536, 1460, 100]) {
  const speed = megabytesPerS(bytes.length, () => {
    const splitter = new FrameSplitter();
    let found = 0;
    for (let at = 0; at < bytes.length; at += chunkBytes) for (const _ of splitter.push(bytes.subarray(at, at + chunkBytes))) found += 1;
    if (found !== frames) throw new Error(`${found} frames of ${frames}`);
  });
  console.log(`framing, chunks of ${String(chunkBytes).padStart(7)} ${speed.toFixed(0).padStart(3)} MB/s, ${(speed / crcMbPerS).toFixed(2)} of the CRC alone`);
}

const hostile = new Uint8Array(200_000).map((_, i) => (i % 2 === 0 ? 0xd3 : 0x03));
const worst = megabytesPerS(hostile.length, () => {
  const splitter = new FrameSplitter();
  for (const _ of splitter.push(hostile)) throw new Error("a frame where there is none");
});
console.log(`hostile headers         ${worst.toFixed(1).padStart(5)} MB/s`);
