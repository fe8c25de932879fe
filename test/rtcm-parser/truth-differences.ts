/** What a truth file says of its own making and of other decoders: nothing that ours could agree with. */
const ABOUT_OTHERS: ReadonlySet<string> = new Set(["source", "note", "crossCheck", "decodeErrors", "damage", "intactFrames"]);
/** Lists of which the truth holds the first ones only: of 1013 the first twelve contents, of these every message of a type. */
const FIRST_CONTENTS = "system1013";
const FIRST_ONES: ReadonlySet<string> = new Set(["msm", "legacy", "ephemerides"]);
/** Of which the truth is rounded: metres and metres per second. */
const ROUNDED = /(M|Mps)$/;
const TOLERANCE_M = 0.0001;
const RELATIVE = 1e-12;

export interface Comparison {
  readonly differences: readonly string[];
  /** Numbers, texts and nulls of the truth that were looked at. */
  readonly leaves: number;
}

/** Holds a document to a truth: everything that the truth has must be there and equal, within the truth's tolerances. */
export function compared(truth: object, found: object): Comparison {
  const differences: string[] = [];
  let leaves = 0;
  const visit = (wanted: unknown, got: unknown, path: readonly string[], column?: string): void => {
    if (typeof wanted !== "object" || wanted === null) {
      leaves += 1;
      if (!sameLeaf(wanted, got, path, column)) differences.push(`${path.join(".")}${column === undefined ? "" : ` (${column})`}: ${got} instead of ${wanted}`);
      return;
    }
    if (typeof got !== "object" || got === null || Array.isArray(got) !== Array.isArray(wanted)) {
      differences.push(`${path.join(".")}: ${JSON.stringify(got)?.slice(0, 60)} instead of ${Array.isArray(wanted) ? "a list" : "an object"}`);
      return;
    }
    if (Array.isArray(wanted) && Array.isArray(got)) {
      const isFirst = path.length === 2 ? FIRST_ONES.has(path[0] as string) : path.length === 1 && path[0] === FIRST_CONTENTS;
      if (isFirst ? got.length < wanted.length : got.length !== wanted.length) differences.push(`${path.join(".")}: ${got.length} instead of ${wanted.length}`);
    }
    for (const [key, value] of Object.entries(wanted)) {
      if (path.length === 0 && ABOUT_OTHERS.has(key)) continue;
      visit(value, (got as Record<string, unknown>)[key], [...path, key], columnOf(wanted, key, path));
    }
  };
  const columns = new Map<object, readonly string[]>();
  const columnOf = (wanted: object, key: string, path: readonly string[]): string | undefined => {
    const { satFields, sats, cellFields, cells } = wanted as Record<string, unknown>;
    if (Array.isArray(sats) && Array.isArray(satFields)) for (const row of sats as object[]) columns.set(row, satFields as string[]);
    if (Array.isArray(cells) && Array.isArray(cellFields)) for (const row of cells as object[]) columns.set(row, cellFields as string[]);
    return columns.get(wanted)?.[Number(key)] ?? (path.length > 0 && Number.isNaN(Number(key)) ? key : undefined);
  };
  visit(truth, found, []);
  return { differences, leaves };
}

function sameLeaf(wanted: unknown, got: unknown, path: readonly string[], column: string | undefined): boolean {
  if (typeof wanted !== "number" || typeof got !== "number") return Object.is(wanted, got);
  if (path[0] === "ephemerides") return Math.abs(got - wanted) <= RELATIVE * Math.abs(wanted);
  return column !== undefined && ROUNDED.test(column) ? Math.abs(got - wanted) <= TOLERANCE_M : got === wanted;
}
