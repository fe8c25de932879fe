import type { PlotShare } from "../../core/domain/history.ts";
import type { RelayEvent } from "../../core/domain/live.ts";
import type { RoverDiagnosis } from "../../core/domain/rover-diagnosis.ts";
import type { StaffOrder, StaffOrderKind } from "../../core/domain/staff-order.ts";
import { type Answer, API, ask } from "./api-client.ts";

const at = (kind: "bases" | "rovers", id: string, what: string): string => `${kind}/${encodeURIComponent(id)}/${what}`;

export const fetchDiagnosis = (roverId: string): Promise<Answer<RoverDiagnosis>> => ask(at("rovers", roverId, "diagnosis"));
export const fetchPlotShares = (roverId: string, fromMs: number): Promise<Answer<{ plots: readonly PlotShare[] }>> =>
  ask(`${at("rovers", roverId, "plots")}?from=${new Date(fromMs).toISOString()}`);
export const fetchBaseEvents = (baseId: string, fromMs: number): Promise<Answer<{ events: readonly RelayEvent[] }>> =>
  ask(`${at("bases", baseId, "events")}?from=${new Date(fromMs).toISOString()}&max=20`);

export interface ArchiveHour {
  readonly name: string;
  readonly from: string;
  readonly bytes: number;
  readonly complete: boolean;
}
export const fetchArchive = (baseId: string): Promise<Answer<{ files: readonly ArchiveHour[] }>> => ask(at("bases", baseId, "archive"));
export const archiveHref = (baseId: string, name: string): string => API + at("bases", baseId, `archive/${encodeURIComponent(name)}`);

/** `baseId` null: every base. */
export function giveOrder(kind: StaffOrderKind, baseId: string | null): Promise<Answer<StaffOrder>> {
  return ask(baseId === null ? "bases/recheck" : at("bases", baseId, kind), { method: "POST" });
}
