import { RtcmError } from "../errors.ts";
import { frameOf, messageType } from "../frame.ts";
import type { Ecef } from "../geodesy.ts";
import { decodeMessage, encodeMessage } from "../message.ts";
import type { TableMessage } from "../messages/registry.ts";

type Positioned = Extract<TableMessage, { kind: "1005" | "1006" }>;
type Described = Extract<TableMessage, { kind: "1007" | "1008" | "1033" }>;

/** Descriptors to put in; what is left out stays as sent. ISO 8859-1, 31 characters at most each (DF029 and its like). */
export interface Descriptors {
  /** IGS name and radome, 20 characters. */
  readonly antenna?: string;
  readonly setupId?: number;
  readonly antennaSerial?: string;
  readonly receiver?: string;
  readonly firmware?: string;
  readonly receiverSerial?: string;
}

const PER_M = 10_000; // DF025..DF027: 0.1 mm
const MOST_CHARACTERS = 31;

/**
 * A copy of a 1005 or 1006 whose position is moved by so much, ECEF, m, rounded to 0.1 mm; other frames as they are.
 * One that cannot be moved (cut short, or out of the fields' range) becomes a zero-length filler: a position that is not
 * moved must not pass for one that is.
 * @throws RtcmError OUT_OF_RANGE when an offset is no number
 */
export function withArpOffset(frame: Uint8Array, { xM, yM, zM }: Ecef): Uint8Array {
  if (![xM, yM, zM].every(Number.isFinite)) throw new RtcmError("OUT_OF_RANGE", `offset ${xM}, ${yM}, ${zM}`);
  const message = positioned(frame);
  if (message === "other") return frame;
  if (message === null) return filler();
  try {
    return encodeMessage({ ...message, xM: moved(message.xM, xM), yM: moved(message.yM, yM), zM: moved(message.zM, zM) });
  } catch (error) {
    if (!(error instanceof RtcmError)) throw error;
    return filler();
  }
}

/**
 * A copy of a 1005 or 1006 with another position of the ARP, ECEF, m (and, in a 1006, another height of it above the
 * marker); other frames as they are. One that cannot be read becomes a zero-length filler.
 * @throws RtcmError OUT_OF_RANGE when a value does not fit its field
 */
export function withPosition(frame: Uint8Array, { xM, yM, zM, antennaHeightM }: Ecef & { readonly antennaHeightM?: number }): Uint8Array {
  const message = positioned(frame);
  if (message === "other") return frame;
  if (message === null) return filler();
  const put = { ...message, xM, yM, zM };
  return encodeMessage(put.kind === "1006" && antennaHeightM !== undefined ? { ...put, antennaHeightM } : put);
}

/**
 * A copy of a 1007, 1008 or 1033 with other descriptors, as far as the message holds them; other frames as they are.
 * One that cannot be read becomes a zero-length filler.
 * @throws RtcmError OUT_OF_RANGE when a descriptor is too long or not ISO 8859-1
 */
export function withDescriptors(frame: Uint8Array, descriptors: Descriptors): Uint8Array {
  for (const [field, text] of Object.entries(descriptors)) {
    if (typeof text === "string" && text.length > MOST_CHARACTERS) throw new RtcmError("OUT_OF_RANGE", `over ${MOST_CHARACTERS} characters`, { field });
  }
  const message = read<Described>(frame, [1007, 1008, 1033]);
  if (message === "other") return frame;
  return message === null ? filler() : encodeMessage(described(message, descriptors));
}

function described(message: Described, { antenna, setupId, antennaSerial, receiver, firmware, receiverSerial }: Descriptors): Described {
  const named = { ...message, antenna: antenna ?? message.antenna, setupId: setupId ?? message.setupId };
  if (named.kind === "1007") return named;
  const withSerial = { ...named, antennaSerial: antennaSerial ?? named.antennaSerial };
  if (withSerial.kind === "1008") return withSerial;
  return {
    ...withSerial,
    receiver: receiver ?? withSerial.receiver,
    firmware: firmware ?? withSerial.firmware,
    receiverSerial: receiverSerial ?? withSerial.receiverSerial,
  };
}

const positioned = (frame: Uint8Array): Positioned | "other" | null => read<Positioned>(frame, [1005, 1006]);

/** The message, if the frame is of these types; null when it cannot be read. */
function read<M extends TableMessage>(frame: Uint8Array, types: readonly number[]): M | "other" | null {
  const type = messageType(frame);
  if (type === null || !types.includes(type)) return "other";
  try {
    return decodeMessage(frame) as M;
  } catch (error) {
    if (!(error instanceof RtcmError)) throw error;
    return null;
  }
}

/** Whole steps are added, so that no rounding of the sum creeps in. */
const moved = (coordinateM: number, byM: number): number => (Math.round(coordinateM * PER_M) + Math.round(byM * PER_M)) / PER_M;
const filler = (): Uint8Array => frameOf(new Uint8Array(0));
