import type { CatalogView } from "../core/domain/site.ts";
import type { BusRole } from "../core/runtime/bus-credentials.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { Resources } from "../core/runtime/resource.ts";
import type { Config } from "./config.ts";

/** The ports in use: chosen by the supervisor before a role starts, the same after each restart. null = listener off. */
export interface Ports {
  readonly http: number;
  readonly https: number | null;
  readonly mqtt: number;
  readonly mqtts: number | null;
  readonly mqttWs: number | null;
  readonly ntrip: number;
  readonly ntrips: number | null;
}

/** What a role process is handed. It opens everything through `resources`, which is closed in reverse at the end. */
export interface RoleContext {
  readonly role: BusRole;
  readonly config: Config;
  readonly dataFolder: string; // <AZEMICHI_DATA_DIR>, or its subfolder demo
  readonly demo: boolean;
  readonly ports: Ports;
  readonly busSecret: string; // made anew at each start
  readonly key: Uint8Array; // the data folder's key: digests of device tokens and verified passwords
  readonly catalog: CatalogView;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly resources: Resources;
  readonly signal: AbortSignal; // aborted when the role is to end
  readonly nowMs: () => number;
}

/** Resolves when the role serves; what it opened stays open until `resources` closes. */
export type RunRole = (context: RoleContext) => Promise<void>;
