import type { SiteFile } from "../core/wire/site-file.ts";
import type { SiteIssue } from "./site-check.ts";

type BaseEntry = NonNullable<SiteFile["bases"]>[number];
type Datum = BaseEntry["datum"];

/** What must not be about the bases of a site, beside their shape. */
export function* baseIssues(file: SiteFile): Generator<SiteIssue> {
  const bases = file.bases ?? [];
  yield* mounts(bases);
  const ids = new Set(bases.map(({ id }) => id));
  const stations = new Map<number, string>();
  for (const [i, base] of bases.entries()) {
    const { stationId } = base;
    if (typeof stationId === "number") {
      const other = stations.get(stationId);
      if (other !== undefined)
        yield { path: `bases[${i}].stationId`, message: `${stationId} is the number of ${other} already; another one of 1 to 4095, or null` };
      stations.set(stationId, base.id);
    }
    for (const [k, other] of (base.alignedWith ?? []).entries()) {
      const path = `bases[${i}].alignedWith[${k}]`;
      if (!ids.has(other)) yield { path, message: `${other} is not among bases` };
      else if (other === base.id) yield { path, message: "is the base itself" };
    }
  }
}

/** A rover's request must lead to one stream: names are compared as consoles type them, in any case. */
function* mounts(bases: readonly BaseEntry[]): Generator<SiteIssue> {
  const seen = new Set<string>();
  const named = bases.map((base, i) => ({ path: `bases[${i}].mount`, mount: base.mount }));
  const offset = bases.flatMap(({ arpOffset }, i) => (arpOffset ? [{ path: `bases[${i}].arpOffset.mount`, mount: arpOffset.mount }] : []));
  for (const { path, mount } of [...named, ...offset]) {
    if (seen.has(mount.toUpperCase())) yield { path, message: `${mount} stands here a second time` };
    seen.add(mount.toUpperCase());
  }
}

/** What may be, and yet is hardly meant so. */
export function* baseWarnings(file: SiteFile): Generator<SiteIssue> {
  const bases = file.bases ?? [];
  const byId = new Map(bases.map((base) => [base.id, base]));
  for (const [i, base] of bases.entries()) {
    if (base.kind === "network" && !base.pull)
      yield { path: `bases[${i}].pull`, message: "is missing: a base of kind network has one session per rover, which we open at this address" };
    if (base.kind === "network" && base.pull && !/^ntrips?:/i.test(base.pull))
      yield { path: `bases[${i}].pull`, message: "is no NTRIP caster: a base of kind network is asked by NTRIP, with each rover's position" };
    if (base.kind === "network" && base.listen) yield { path: `bases[${i}].listen`, message: "has no effect on a base of kind network" };
    for (const [k, other] of (base.alignedWith ?? []).entries()) {
      const datum = byId.get(other)?.datum;
      if (byId.has(other) && textOf(datum) !== textOf(base.datum))
        yield { path: `bases[${i}].alignedWith[${k}]`, message: `has no effect: ${other} has another datum (${textOf(datum)}; here ${textOf(base.datum)})` };
    }
  }
}

const textOf = (datum: Datum): string => (datum ? `${datum.frame} ${datum.epoch}` : "none on file");
