import { BitReader } from "./bit-reader.ts";
import { RtcmError } from "./errors.ts";
import { frameOf, payloadOf } from "./frame.ts";
import { type TableMessage, tableOf } from "./messages/registry.ts";
import { isMsm } from "./msm/constellation.ts";
import { decodeMsm, encodeMsm, type MsmMessage, type MsmToSend } from "./msm/message.ts";

/** A type that has no table here: handed on as it is. */
export interface RawMessage {
  readonly kind: "raw";
  readonly type: number;
  /** A view of the frame, type included. */
  readonly payload: Uint8Array;
}

/** A frame of length 0: a filler. */
export interface EmptyMessage {
  readonly kind: "empty";
}

/** What a frame holds; `kind` is "1005" etc., "msm" for all MSM. */
export type RtcmMessage = TableMessage | MsmMessage | RawMessage | EmptyMessage;

/** What can be encoded: every decoded message, and an MSM whose cells hold only what is sent. */
export type MessageToSend = RtcmMessage | MsmToSend;

/**
 * Decodes a whole frame. Its CRC is not checked again: that is `FrameSplitter`'s work.
 * Reserved bits and bytes behind the last field are ignored, as the standard asks.
 * @throws RtcmError NOT_A_FRAME, TRUNCATED, INVALID; nothing else, whatever the bytes
 */
export function decodeMessage(frame: Uint8Array): RtcmMessage {
  const payload = payloadOf(frame);
  if (payload.length === 0) return { kind: "empty" };
  const type = new BitReader(payload).unsigned(12);
  if (isMsm(type)) return decodeMsm(payload, type);
  return tableOf(type)?.decode(payload) ?? { kind: "raw", type, payload };
}

/**
 * Encodes a message to a whole frame. What `decodeMessage` gave comes back byte for byte, where the sender left
 * reserved and padding bits zero.
 * @throws RtcmError OUT_OF_RANGE (with the field), INVALID, TOO_LONG
 */
export function encodeMessage(message: MessageToSend): Uint8Array {
  switch (message.kind) {
    case "empty":
      return frameOf(new Uint8Array(0));
    case "raw":
      return frameOf(message.payload);
    case "msm":
      return frameOf(encodeMsm(message));
    default:
      return frameOf(encodeTable(message));
  }
}

function encodeTable(message: TableMessage): Uint8Array {
  const table = tableOf(Number(message.kind));
  if (table === undefined) throw new RtcmError("INVALID", `no table for message ${message.kind}`);
  return table.encode(message);
}
