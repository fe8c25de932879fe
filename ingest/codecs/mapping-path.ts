/** One step into a result: a key, an index, or every element of an array. */
export type PathStep = { readonly kind: "key"; readonly key: string } | { readonly kind: "index"; readonly index: number } | { readonly kind: "each" };

const STEPS_MAX = 32;
const STEP = /^(?:\.?(?<key>[^.[\]"']+)|\[(?<index>\d{1,6})\]|\[(?<each>\*?)\]|\[(?:"(?<quoted>[^"]*)"|'(?<single>[^']*)')\])/;

/** `temperature.value`, `levels[0]`, `history[].temperature`, `a["b c"]`, `a['b c']`. Null where that is no path. */
export function parsePath(text: string): readonly PathStep[] | null {
  const steps: PathStep[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const step = rest.startsWith(".") && steps.length === 0 ? null : STEP.exec(rest);
    if (step === null || steps.length >= STEPS_MAX) return null;
    const { key, index, each, quoted, single } = step.groups as Record<string, string | undefined>;
    // a key that follows another needs its dot
    if (key !== undefined && steps.length > 0 && !step[0].startsWith(".")) return null;
    if (key !== undefined) steps.push({ kind: "key", key: key.trim() });
    else if (index !== undefined) steps.push({ kind: "index", index: Number(index) });
    else if (each !== undefined) steps.push({ kind: "each" });
    else steps.push({ kind: "key", key: quoted ?? single ?? "" });
    rest = rest.slice(step[0].length);
  }
  return steps.length === 0 ? null : steps;
}
