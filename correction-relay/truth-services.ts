import type { RelayEvent } from "../core/domain/live.ts";
import type { CatalogView } from "../core/domain/site.ts";
import type { Archive } from "./archive.ts";
import type { TruthServices } from "./base-truth.ts";
import { EphemerisStore } from "./gnss/ephemeris-store.ts";
import type { GuardMemory } from "./guard-memory.ts";
import type { RelayState } from "./relay-state.ts";

/** What bases' truths rest on: the relay's memory, the orders of staff, and somebody who is told. */
export function truthServices(of: {
  readonly catalog: CatalogView;
  readonly state?: RelayState; // absent: remembered until the process ends
  readonly archive?: Archive;
  readonly clock: TruthServices["clock"];
  readonly inPool: TruthServices["inPool"];
  readonly event: (event: RelayEvent) => void;
}): TruthServices {
  const { catalog, state, archive, clock, inPool, event } = of;
  const untilEnd = new Map<string, GuardMemory>();
  return {
    memory: {
      of: (baseId) => (state === undefined ? (untilEnd.get(baseId) ?? null) : state.guard(baseId)),
      lost: state?.damaged ?? false,
      keep: (baseId, memory, when) => {
        if (state === undefined) untilEnd.set(baseId, memory);
        else state.setGuard(baseId, memory, when);
      },
      lastOf: (baseId) => state?.base(baseId) ?? null,
      keepLast: (baseId, last) => state?.setBase(baseId, last),
    },
    orders: (baseId) => {
      const { orders, recheckedAtMs } = catalog.current();
      const order = orders.find((o) => o.baseId === baseId);
      return { confirmedAtMs: order?.confirmedAtMs ?? null, stoppedAtMs: order?.stoppedAtMs ?? null, recheckedAtMs };
    },
    ephemerides: new EphemerisStore(),
    others: (baseId) =>
      catalog
        .current()
        .bases.flatMap(({ id, name, antenna }) =>
          id === baseId || antenna === null ? [] : [{ name, position: { xM: antenna.x, yM: antenna.y, zM: antenna.z } }],
        ),
    archive: archive ?? null,
    clock,
    inPool,
    event,
  };
}
