import { computed } from "@preact/signals-core";
import { type BaseMark, baseMark, baseSentence } from "./stations.ts";
import { clockMs, clocks, field, messages } from "./store.ts";

/** All bases in one line; the worst one speaks. Null without bases. */
export const corrections = computed<{ mark: BaseMark; sentence: string } | null>(() => {
  const nowMs = clockMs.value;
  const m = messages.value;
  const bases = [...field.value.bases.values()].map((base) => ({ base, mark: baseMark(base, nowMs) }));
  const first = bases[0];
  if (first === undefined) return null;
  const names = (...marks: BaseMark[]) =>
    bases
      .filter((b) => marks.includes(b.mark))
      .map((b) => b.base.name)
      .join("、");
  const bad = names("silent", "stopped");
  if (bases.length > 1 && bad !== "") return { mark: "silent", sentence: m.stations.someBad(bad) };
  if (bases.length > 1 && bases.some((b) => b.mark === "unknown")) return { mark: "unknown", sentence: m.stations.someUnknown(names("unknown")) };
  const oldest = bases.reduce((a, b) => ((a.base.health?.at ?? "") <= (b.base.health?.at ?? "") ? a : b), first);
  return { mark: oldest.mark, sentence: baseSentence(oldest.base, nowMs, m, clocks.value) };
});
