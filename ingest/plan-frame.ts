import type { Reading, TimeSource } from "../core/domain/reading.ts";
import type { Device } from "../core/domain/site.ts";
import { deviceKeyName, type EventTime, type LorawanUp } from "../core/domain/uplink.ts";
import { eventTime } from "../core/wire/event-time.ts";
import { decodeFor, type FrameDecode } from "./frame-decoder.ts";
import type { JournaledUplink } from "./journal-reader.ts";
import { payloadHash } from "./payload-hash.ts";
import { NOTHING, type Plan, type PlanContext } from "./plan.ts";
import { NETWORK_CODEC, radioValues, readingsFrom } from "./readings.ts";
import { type FoundFrame, type FrameKey, placeFrame, type Reception } from "./sessions.ts";

/** A data frame of a known device: is it a copy, what does it say, when was that. */
export function planFrame(up: LorawanUp, device: Device, uplink: JournaledUplink, context: PlanContext): Plan {
  const said = eventTime(up, uplink.receivedAtMs);
  const plan = { ...NOTHING, device: device.id, timeMs: said.timeMs };
  if (up.simulated) return { ...plan, outcome: "rejected", reason: "simulated" };
  const heard = { ...plan, heard: receptionsOf(up), gateways: up.gateways.map((g) => g.gatewayId) };
  if (up.fPort === null) return { ...heard, outcome: "rejected", reason: "mac-only" };
  if (up.bytes.length === 0) return { ...heard, outcome: "quarantined", reason: "empty payload" };

  const devEui = deviceKeyName(up.device);
  const key: FrameKey = { devEui, fCnt: up.fCnt, fPort: up.fPort, payloadHash: payloadHash(up.bytes) };
  const parts = { up: { bytes: up.bytes, fPort: up.fPort }, device, key, context };
  const known = { ...heard, key };
  const again = placedBefore(uplink, key, said, context);
  if (again !== null) return decoded({ ...known, timeMs: again.timeMs }, { ...parts, frame: again, uplink });

  const place = placeFrame({ ...key, sessionKey: up.sessionKey, timeMs: said.timeMs, uplinkSeq: uplink.seq }, context.sessions);
  const now: FoundFrame = { session: 0, timeMs: said.timeMs, timeSource: sourceText(said), uplinkSeq: uplink.seq, receptions: receptionsOf(up) };
  if (place.kind === "duplicate") {
    const merged = merge(place.of, now);
    const copy =
      merged === place.of
        ? null
        : { key, was: place.of, now: merged, readings: (receivedAtMs: number) => readingsOf({ ...parts, frame: merged, receivedAtMs }) };
    return { ...known, copy, outcome: "duplicate", reason: "frame" };
  }
  const frame = { ...now, session: place.session.number };
  return decoded({ ...known, session: { devEui, session: place.session }, frame: { key, frame } }, { ...parts, frame, uplink });
}

interface Parts {
  readonly up: { readonly bytes: Uint8Array; readonly fPort: number };
  readonly device: Device;
  readonly key: FrameKey;
  readonly frame: FoundFrame;
  readonly context: PlanContext;
}

function decoded(plan: Omit<Plan, "outcome" | "reason">, parts: Parts & { uplink: JournaledUplink }): Plan {
  const found = decode(parts);
  if (found.kind === "undecodable") return { ...plan, outcome: "quarantined", reason: found.reason };
  const readings = valuesOf(found, { ...parts, receivedAtMs: parts.uplink.receivedAtMs });
  if (readings.length === 0) return { ...plan, outcome: "rejected", reason: "no value of a known quantity" };
  return { ...plan, readings, outcome: "stored", reason: "" };
}

function readingsOf(parts: Parts & { receivedAtMs: number }): readonly Reading[] {
  const found = decode(parts);
  return found.kind === "undecodable" ? [] : valuesOf(found, parts);
}

function decode({ device, up, frame, context }: Parts): FrameDecode {
  return decodeFor(device, { ...up, recvTimeMs: frame.timeMs }, context.scripts);
}

function valuesOf(found: Extract<FrameDecode, { kind: "decoded" }>, { device, frame, receivedAtMs }: Parts & { receivedAtMs: number }): readonly Reading[] {
  const common = { device, eventTime: timeOf(frame), receivedAtMs };
  return [
    ...readingsFrom(found.values, { ...common, codec: found.codec, levelKind: found.levelKind }),
    ...readingsFrom(radioValues(frame.receptions), { ...common, codec: NETWORK_CODEC, levelKind: null }),
  ];
}

/** An uplink that is read again keeps its place and its time, which a copy of it may have told better. */
function placedBefore(uplink: JournaledUplink, key: FrameKey, said: EventTime, { before, sessions }: PlanContext): FoundFrame | null {
  if (before === null) return null;
  const own = sessions.framesLike(key).find((frame) => frame.uplinkSeq === uplink.seq);
  if (own !== undefined) return own;
  // Its key is forgotten by now, so nothing can be compared; it was no copy then.
  return before.outcome === "stored"
    ? { session: 0, timeMs: before.timeMs ?? said.timeMs, timeSource: sourceText(said), uplinkSeq: uplink.seq, receptions: [] }
    : null;
}

/** Copies come in any order: together they have the earliest time, and every gateway's best signal. The same object = nothing new. */
function merge(was: FoundFrame, copy: FoundFrame): FoundFrame {
  const byGateway = new Map(was.receptions.map((reception) => [reception[0], reception]));
  let changed = false;
  for (const reception of copy.receptions) {
    const known = byGateway.get(reception[0]);
    if (known !== undefined && !isStronger(reception, known)) continue;
    byGateway.set(reception[0], reception);
    changed = true;
  }
  const isEarlier = copy.timeMs < was.timeMs || (copy.timeMs === was.timeMs && copy.timeSource < was.timeSource);
  if (!changed && !isEarlier) return was;
  const { timeMs, timeSource } = isEarlier ? copy : was;
  const receptions = [...byGateway.values()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return { session: was.session, timeMs, timeSource, uplinkSeq: was.uplinkSeq, receptions };
}

function isStronger([, rssiDbm, snrDb]: Reception, [, otherDbm, otherSnrDb]: Reception): boolean {
  const [rssi, other] = [rssiDbm ?? Number.NEGATIVE_INFINITY, otherDbm ?? Number.NEGATIVE_INFINITY];
  return rssi > other || (rssi === other && (snrDb ?? Number.NEGATIVE_INFINITY) > (otherSnrDb ?? Number.NEGATIVE_INFINITY));
}

function receptionsOf(up: LorawanUp): Reception[] {
  const all = up.gateways.map(({ gatewayId, rssiDbm, snrDb }): Reception => [gatewayId, rssiDbm, snrDb]);
  return all.length < 2 ? all : all.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

const SUBSTITUTE = "+clock";

function sourceText({ source, reasons }: EventTime): string {
  return reasons.length === 0 ? source : `${source}${SUBSTITUTE}`;
}

function timeOf({ timeMs, timeSource }: FoundFrame): EventTime {
  if (!timeSource.endsWith(SUBSTITUTE)) return { timeMs, source: timeSource as TimeSource, reasons: [] };
  return { timeMs, source: timeSource.slice(0, -SUBSTITUTE.length) as TimeSource, reasons: ["clock"] };
}
