import type { DatabaseSync } from "node:sqlite";
import type { UnknownDeviceJson, UnknownDevicesJson } from "../core/domain/uplink-json.ts";
import { frameOf, type RawUplinks } from "./raw-uplink.ts";

const DEVICES_MAX = 10_000; // looked at; a neighbour's whole network is smaller
const PAYLOAD_BYTES = 1024; // shown of the newest message
/** By the index of exactly these: the planner would look through all that were rejected. */
const UNKNOWN = "uplink_result INDEXED BY uplink_result_unknown WHERE outcome = 'rejected' AND reason = 'unknown-device'";

/** Devices that send and are in no catalog, the one heard last first. `beforeSeq`: the `next` of the page before. */
export function unknownDevices(db: DatabaseSync | undefined, raw: RawUplinks | undefined, page: { beforeSeq: number | null; max: number }): UnknownDevicesJson {
  if (db === undefined) return { devices: [], total: 0, next: null };
  // From one name to the next by the index: a million uplinks of one device cost one step.
  const names = db
    .prepare(
      `WITH RECURSIVE name(device) AS (
         SELECT min(device) FROM ${UNKNOWN}
         UNION ALL
         SELECT (SELECT min(device) FROM ${UNKNOWN} AND device > name.device) FROM name WHERE name.device IS NOT NULL
       ) SELECT device, (SELECT max(seq) FROM ${UNKNOWN} AND device = name.device) AS lastSeq
         FROM name WHERE device IS NOT NULL LIMIT ?`,
    )
    .all(DEVICES_MAX) as unknown as { device: string; lastSeq: number }[];
  const ahead = names.filter(({ lastSeq }) => page.beforeSeq === null || lastSeq < page.beforeSeq).sort((a, b) => b.lastSeq - a.lastSeq);
  const shown = ahead.slice(0, page.max);
  const devices = shown.map(({ device, lastSeq }) => describe(db, raw, { device, lastSeq }));
  return { devices, total: names.length, next: ahead.length > shown.length ? (shown.at(-1)?.lastSeq ?? null) : null };
}

function describe(db: DatabaseSync, raw: RawUplinks | undefined, { device, lastSeq }: { device: string; lastSeq: number }): UnknownDeviceJson {
  const { count, firstSeq } = db.prepare(`SELECT count(*) AS count, min(seq) AS firstSeq FROM ${UNKNOWN} AND device = ?`).get(device) as {
    count: number;
    firstSeq: number;
  };
  const row = db.prepare("SELECT received_ms AS ms, source FROM uplink_result WHERE seq = ?");
  const first = row.get(firstSeq) as { ms: number; source: string };
  const last = row.get(lastSeq) as { ms: number; source: string };
  const message = raw?.read(lastSeq);
  return {
    key: device,
    count,
    firstReceivedAt: new Date(first.ms).toISOString(),
    lastReceivedAt: new Date(last.ms).toISOString(),
    lastSeq,
    source: last.source,
    topic: message?.topic ?? null,
    payloadBase64: message ? Buffer.from(message.payload.subarray(0, PAYLOAD_BYTES)).toString("base64") : null,
    payloadBytes: message?.payload.byteLength ?? null,
    frame: message ? frameOf(message) : null,
  };
}
