import type { Quantity } from "../../core/domain/quantity.ts";
import { type Character, characterOf } from "./character.ts";
import { markJumps } from "./jumps.ts";
import { markSpikes } from "./spikes.ts";
import { markStillness } from "./stillness.ts";
import { type Reach, type SeriesPoint, Trace } from "./trace.ts";

/**
 * What the parts look at, added up for the worst case. Jumps: 145 rows and 50 h to a shift's other end, 8 rows and 12 h beyond it to the
 * spikes left out there, 6 rows and 12 h to where those begin, 36 rows and 24 h of noise around that. Stillness: 160 rows and 60 h of
 * sight, 36 rows and 36 h beside it.
 */
const REACH: Reach = { ms: 100 * 3_600_000, rows: 200 };

/** How far a verdict on a reading of `quantity` looks; null: its neighbours say nothing about it. */
export function reachOf(quantity: Quantity): Reach | null {
  return characterOf(quantity) === null ? null : REACH;
}

const NONE: readonly string[] = Object.freeze([]);
const STEP: readonly string[] = Object.freeze(["step"]);
const SPIKE: readonly string[] = Object.freeze(["spike"]);
const STUCK: readonly string[] = Object.freeze(["stuck"]);
const STEP_AND_STUCK: readonly string[] = Object.freeze(["step", "stuck"]);
const SPIKE_AND_STUCK: readonly string[] = Object.freeze(["spike", "stuck"]);

const all = new Trace();
const calm = new Trace(3); // without the spikes, of three points at most
let marks = new Uint8Array(512);

/**
 * What its neighbours in time say of each of `points[from]` … `points[to - 1]`: of no reason, "spike", "step", "stuck". `points` is one stored
 * series in time order, with at least `reachOf` on both sides as far as it goes. A verdict depends on nothing beyond its reach, so that the
 * verdicts on any windows of a series are those on the whole.
 */
export function neighbourReasons(
  { quantity }: { readonly quantity: Quantity; readonly intervalS: number },
  points: readonly SeriesPoint[],
  from: number,
  to: number,
): readonly (readonly string[])[] {
  const verdicts = new Array<readonly string[]>(Math.max(0, to - from)).fill(NONE);
  const character = characterOf(quantity);
  if (character === null) return verdicts;
  all.load(points, Math.max(0, from - REACH.rows), Math.min(points.length, to + REACH.rows));
  judgeJumps(character, from, verdicts);
  markStillness(all, character, (i) => {
    const at = (all.row[i] as number) - from;
    const other = verdicts[at];
    if (other !== undefined) verdicts[at] = other === STEP ? STEP_AND_STUCK : other === SPIKE ? SPIKE_AND_STUCK : STUCK;
  });
  return verdicts;
}

function judgeJumps(character: Character, from: number, verdicts: (readonly string[])[]): void {
  if (character.spike === null) return;
  if (marks.length < all.count) marks = new Uint8Array(all.timeMs.length);
  marks.fill(0, 0, all.count);
  if (markSpikes(all, character, marks)) for (let i = 0; i < all.count; i += 1) if (marks[i] === 1) give(verdicts, (all.row[i] as number) - from, SPIKE);
  calm.loadRest(all, marks);
  markJumps(calm, all, character, (i) => give(verdicts, (calm.row[i] as number) - from, STEP));
}

function give(verdicts: (readonly string[])[], at: number, reasons: readonly string[]): void {
  if (at >= 0 && at < verdicts.length) verdicts[at] = reasons;
}
