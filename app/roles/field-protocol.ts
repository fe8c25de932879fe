import type { Catalog } from "../../core/domain/site.ts";
import type { LogLevel } from "../../core/runtime/log.ts";
import type { MetricSample } from "../../core/runtime/metrics.ts";
import type { InfluxConfig } from "../config.ts";

/** The part of the catalog that turns uplinks into readings: 60,000 plots stay where they are. */
export type FieldCatalog = Pick<Catalog, "site" | "devices" | "gateways" | "codecs" | "redecodes">;

export const fieldCatalogOf = ({ site, devices, gateways, codecs, redecodes }: Catalog): FieldCatalog => ({ site, devices, gateways, codecs, redecodes });

/** What the field role and its worker thread say to each other. */
export interface FieldWorkerData {
  readonly dataFolder: string;
  readonly catalog: FieldCatalog;
  readonly journalDays: number;
  readonly influx: InfluxConfig | null;
  readonly logLevel: LogLevel;
}

export type ToFieldWorker =
  | { readonly kind: "journaled" } // there is something new to process
  | { readonly kind: "catalog"; readonly catalog: FieldCatalog }
  | { readonly kind: "gateway"; readonly topic: string; readonly payload: Uint8Array; readonly receivedAtMs: number }
  | { readonly kind: "end" };

export type FromFieldWorker =
  | { readonly kind: "open" }
  | { readonly kind: "publish"; readonly topic: string; readonly message: unknown } // JSON, retained
  | { readonly kind: "metrics"; readonly samples: readonly MetricSample[] }
  | { readonly kind: "prune"; readonly receivedBeforeMs: number; readonly upToSeq: number }
  | { readonly kind: "ended" };
