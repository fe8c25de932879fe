import type { DecodeResult } from "../../core/domain/uplink.ts";
import { type CodecIdentity, codecIdentity } from "../../core/wire/codec-identity.ts";
import { cayenneLpp } from "./cayenne-lpp.ts";
import type { CodecTable } from "./codec-table.ts";
import { decentlabDlMbx } from "./decentlab-dl-mbx.ts";
import { decentlabDlPr26 } from "./decentlab-dl-pr26.ts";
import { decentlabDlPyr } from "./decentlab-dl-pyr.ts";
import { decentlabDlTbrg } from "./decentlab-dl-tbrg.ts";
import { decentlabDlTrs12 } from "./decentlab-dl-trs12.ts";
import { decodeWith, ENGINE_VERSION, type Frame } from "./decode-frame.ts";
import { draginoLdds75 } from "./dragino-ldds75.ts";
import { draginoLht65n } from "./dragino-lht65n.ts";
import { draginoLse01 } from "./dragino-lse01.ts";
import { milesightEm300Th } from "./milesight-em300-th.ts";
import { milesightEm310Udl } from "./milesight-em310-udl.ts";
import { milesightEm400Udl } from "./milesight-em400-udl.ts";
import { milesightEm500Smtc } from "./milesight-em500-smtc.ts";
import { milesightEm500Swl } from "./milesight-em500-swl.ts";
import { milesightEm500Udl } from "./milesight-em500-udl.ts";

/** Every product we read. A new one is a file and a row here (docs/adding-a-sensor.md). */
const TABLES: readonly CodecTable[] = [
  cayenneLpp,
  decentlabDlMbx,
  decentlabDlPr26,
  decentlabDlPyr,
  decentlabDlTbrg,
  decentlabDlTrs12,
  draginoLdds75,
  draginoLht65n,
  draginoLse01,
  milesightEm300Th,
  milesightEm310Udl,
  milesightEm400Udl,
  milesightEm500Smtc,
  milesightEm500Swl,
  milesightEm500Udl,
];

interface Codec {
  readonly table: CodecTable;
  readonly identity: CodecIdentity;
}

const CODECS: ReadonlyMap<string, Codec> = new Map(TABLES.map((table) => [table.id, { table, identity: codecIdentity(table.id, table, ENGINE_VERSION) }]));

/** Decodes a frame of a device of this profile. Never throws. */
export function decodeFrame(profile: string, frame: Frame): DecodeResult | { readonly kind: "unknown-profile" } {
  const codec = CODECS.get(profile);
  return codec === undefined ? { kind: "unknown-profile" } : decodeWith(codec.table, frame);
}

/** What each reading of this profile carries as its provenance; null for a profile that we do not have. */
export function codecOf(profile: string): CodecIdentity | null {
  return CODECS.get(profile)?.identity ?? null;
}

export function profiles(): string[] {
  return [...CODECS.keys()];
}

/**
 * How a placement's `zeroMm` makes a level: `distance` sensors give `water.distance` (mm), level cm = (zeroMm - distance) / 10;
 * `head` sensors give `water.level` as cm of water above the sensor, level cm = head - zeroMm / 10. Null: no level sensor.
 */
export function levelKind(profile: string): CodecTable["levelFrom"] {
  return CODECS.get(profile)?.table.levelFrom ?? null;
}
