import { existsSync, readdirSync, readFileSync } from "node:fs";
import { FrameSplitter } from "rtcm-parser";
import { MSM_TYPES, TABLE_TYPES } from "../test/rtcm-parser/arbitraries.ts";
import { fuzzDecoding, fuzzFraming } from "../test/rtcm-parser/fuzz.ts";
import { sharedPath } from "../test/support/requirements.ts";

/**
 * Fuzzing at length: random bytes in any pieces, and payloads changed at random under a good CRC. Anything thrown but an
 * RtcmError ends it, and so does a good frame that is not found or a message that does not encode to its own bytes.
 * Arguments: seed (1), random bytes (10 million), payloads (1 million).
 */
const [seed = 1, bytes = 10_000_000, count = 1_000_000] = process.argv.slice(2).map(Number);

/** Payloads of the real captures, where they are beside the project. */
function corpus(): Uint8Array[] {
  if (!existsSync(sharedPath("rtcm"))) return [];
  const files = readdirSync(sharedPath("rtcm")).filter((name) => /\.(rtcm3|bin)$/.test(name));
  return files.flatMap((name) => [...new FrameSplitter().push(readFileSync(sharedPath(`rtcm/${name}`)))].map((frame) => new Uint8Array(frame.subarray(3, -3))));
}

/** Runs it, and gives what it cost besides. */
function measured<T extends object>(run: () => T): T & { readonly s: string; readonly rssGrowthMb: number } {
  const [startMs, startBytes] = [performance.now(), process.memoryUsage().rss];
  const figures = run();
  return { ...figures, s: ((performance.now() - startMs) / 1000).toFixed(1), rssGrowthMb: Math.round((process.memoryUsage().rss - startBytes) / 1e6) };
}

const payloads = corpus();
console.log(`seed ${seed}, corpus of ${payloads.length} payloads, node ${process.version}`);
const framing = measured(() => fuzzFraming({ seed, bytes }));
console.log("random bytes     ", JSON.stringify(framing));
const decoding = measured(() => fuzzDecoding({ seed, count, corpus: payloads, types: [...TABLE_TYPES, ...MSM_TYPES] }));
console.log("changed payloads ", JSON.stringify(decoding));
if (framing.frames !== framing.sent) throw new Error(`${framing.frames} frames found of ${framing.sent}`);
if (decoding.cameBack !== decoding.decoded) throw new Error(`${decoding.decoded - decoding.cameBack} messages did not come back`);
