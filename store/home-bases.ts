import { ecefToLatLon } from "rtcm-parser";
import { type Bounds, boundsOf, distanceM, middleOf, type Place } from "../core/domain/plot-geometry.ts";
import { datumText, isPoolBase, MAX_BASELINE_KM, poolDatum } from "../core/domain/pool-base.ts";
import type { SiteFile } from "../core/wire/site-file.ts";
import { catalogOf } from "./catalog-entries.ts";
import { neighbourhoods } from "./neighbourhoods.ts";

type PlotEntry = NonNullable<SiteFile["plots"]>[number];

interface Candidate {
  readonly id: string;
  readonly place: Place;
  readonly maxBaselineM: number;
}

/** A plot whose home base stands, as its neighbours see it. */
interface Settled {
  readonly home: string;
  readonly middle: Place;
}

/**
 * Gives each plot without a home base (`Plot.base`) one, once: what is stored stays, so that a plot gets the same base on
 * every day, also when more bases come. Only an id that staff enter replaces it; null and a key left out do not.
 * `stored` is what the catalog held before this import.
 */
export function withHomeBases(file: SiteFile, stored: Pick<SiteFile, "plots">): SiteFile {
  const plots = file.plots ?? [];
  const before = new Map(stored.plots?.map(({ id, base }) => [id, base ?? null]));
  const known = plots.map((plot) => plot.base ?? before.get(plot.id) ?? null);
  const homes = known.includes(null) ? computed(plots, known, candidatesOf(file)) : known;
  if (plots.every((plot, i) => (plot.base ?? null) === homes[i])) return file;
  return { ...file, plots: plots.map((plot, i) => withBase(plot, homes[i] ?? null)) };
}

/** Keys in the order of the schema, so that an export that is imported again is the same text. */
function withBase(plot: PlotEntry, base: string | null): PlotEntry {
  if (base === null || plot.base === base) return plot;
  const { id, name, geometry, base: _, ...rest } = plot;
  return { id, ...(name === undefined ? {} : { name }), geometry, base, ...rest };
}

/** Bases of the site's pool: what may never serve FIELD is no home. */
function candidatesOf(file: SiteFile): readonly Candidate[] {
  const { bases } = catalogOf({ site: file.site, bases: file.bases }, new Map());
  const datum = poolDatum(bases);
  return bases
    .filter(isPoolBase)
    .filter((base) => datumText(base.datum) === datum)
    .map(({ id, antenna, maxBaselineKm }) => ({
      id,
      place: ecefToLatLon({ xM: antenna.x, yM: antenna.y, zM: antenna.z }),
      maxBaselineM: (maxBaselineKm ?? MAX_BASELINE_KM) * 1000,
    }));
}

function computed(plots: readonly PlotEntry[], known: readonly (string | null)[], candidates: readonly Candidate[]): readonly (string | null)[] {
  const homes = [...known];
  if (candidates.length === 0) return homes;
  const shapes = plots.flatMap(({ id, geometry }, i) => {
    const bounds = boundsOf(geometry);
    return bounds === null ? [] : [{ id, geometry, bounds, i }];
  });
  for (const members of neighbourhoods(shapes)) {
    const group = members.map((m) => shapes[m] as (typeof shapes)[number]);
    const homeless = group.filter(({ i }) => known[i] === null);
    if (homeless.length === 0) continue;
    const settled = group.flatMap(({ i, bounds }): Settled[] => {
      const home = known[i] ?? null;
      return home === null ? [] : [{ home, middle: middleOf(bounds) }];
    });
    const shared = settled.length === 0 ? sharedBase(group, candidates) : null;
    for (const { i, bounds } of homeless) {
      const middle = middleOf(bounds);
      homes[i] = neighboursBase(settled, middle, candidates) ?? shared ?? nearest([middle], candidates)?.id ?? null;
    }
  }
  return homes;
}

/** For a whole neighbourhood: the base that reaches all of it and is nearest to its middle. */
function sharedBase(group: readonly { readonly bounds: Bounds }[], candidates: readonly Candidate[]): string | null {
  const middles = group.map(({ bounds }) => middleOf(bounds));
  return nearest(middles, candidates)?.id ?? null;
}

/** Of the nearest plot in the neighbourhood that has one, if it reaches so far. */
function neighboursBase(settled: readonly Settled[], middle: Place, candidates: readonly Candidate[]): string | null {
  let least = Number.POSITIVE_INFINITY;
  let found: string | null = null;
  for (const { home, middle: of } of settled) {
    const farM = distanceM(middle, of);
    const base = farM < least ? candidates.find(({ id }) => id === home) : undefined;
    if (base === undefined || distanceM(middle, base.place) > base.maxBaselineM) continue;
    least = farM;
    found = base.id;
  }
  return found;
}

/** On the mean over all places; it reaches each of them. Equal ones: by id. */
function nearest(places: readonly Place[], candidates: readonly Candidate[]): Candidate | null {
  let best: Candidate | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const base of candidates) {
    let sumM = 0;
    for (const place of places) {
      const farM = distanceM(place, base.place);
      sumM += farM > base.maxBaselineM ? Number.POSITIVE_INFINITY : farM;
    }
    if (sumM > least || sumM === Number.POSITIVE_INFINITY || (sumM === least && best !== null && best.id < base.id)) continue;
    best = base;
    least = sumM;
  }
  return best;
}
