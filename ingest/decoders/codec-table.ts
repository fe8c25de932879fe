import type { Quantity } from "../../core/domain/quantity.ts";

/**
 * A product as a table: how its frames are laid out, what the vendor calls each field, and which of them are quantities of ours.
 * The engine (decode-frame.ts) reads every product with the same code; docs/adding-a-sensor.md works one through.
 */
export interface CodecTable {
  readonly id: string; // the profile's name in the site file
  readonly source: string; // where the layout and its vectors come from
  readonly framing: PortFraming | FlagFraming | ChannelFraming | TypeFraming;
  /** How a placement's zero turns this product's value into a level: minus the distance from it, or the head above it. */
  readonly levelFrom: "distance" | "head" | null;
}

/** Dragino: one fixed layout per port, the first whose `when` all hold; the payload's length is exactly its own. */
export interface PortFraming {
  readonly kind: "ports";
  readonly frames: readonly PortFrame[];
}
export interface PortFrame {
  readonly fPort: number;
  readonly when?: readonly { readonly byteAt: number; readonly mask: number; readonly equals: number }[];
  readonly constants?: Readonly<Record<string, string>>; // vendor fields that only the kind of frame says
  readonly rows: readonly Row[];
  readonly records?: "one-or-more"; // a history frame: the layout repeated to the end, each with its own time
}

/** Decentlab v2: version, device id, flags, then for each flag set (lowest first) its 16-bit words. */
export interface FlagFraming {
  readonly kind: "flags";
  readonly sensors: readonly (readonly Row[])[];
}

/** Milesight: (channel, type, data) to the end, little-endian. An unknown pair has no known length, so nothing behind it can be read. */
export interface ChannelFraming {
  readonly kind: "channels";
  readonly entries: readonly {
    readonly channel: number;
    readonly type: number;
    readonly rows: readonly Row[];
    readonly record?: "history"; // holds its own time
  }[];
}

/**
 * Cayenne LPP: (channel, type, data) to the end, big-endian. The type says the layout, the channel which of several: it stands behind the names of
 * fields and probes, `temperature_3`.
 */
export interface TypeFraming {
  readonly kind: "types";
  readonly types: readonly { readonly type: number; readonly rows: readonly Row[] }[];
}

/** One field; its offset follows from the rows before it. Value = (raw - minus) * times / per + plus. */
export interface Row {
  readonly field: string | null; // the vendor's own name; null = reserved
  readonly part?: string; // one of several numbers under that name: x, y, z
  readonly bits: number; // 1 to 32; whole bytes where the framing is little-endian
  readonly signed?: true; // two's complement
  readonly sameBitsAs?: "previous"; // a second value from the same raw number
  readonly words?: "low-first"; // 32 bits as two big-endian words, the low one first
  readonly minus?: number;
  readonly times?: number;
  readonly per?: number;
  readonly plus?: number;
  /** Where the vendor's conversion is no straight line. Constants stand in it, so that the codec's identity covers them. */
  readonly curve?: (raw: number) => number;
  readonly unixSeconds?: true; // the time of the record
  readonly displayName?: string; // Decentlab writes each value as { displayName, value, unit }
  readonly unit?: string; // the vendor's
  readonly missing?: readonly Missing[];
  readonly doubts?: readonly Doubt[];
  readonly gives?: Given;
}

/** When the device says "no value", on the raw unsigned number (or on another field of the same group). */
export type Missing =
  | { readonly raw: number; readonly reason: string }
  | { readonly rawBelow: number; readonly reason: string }
  | { readonly zeroField: string; readonly reason: string };

/**
 * When this raw number says that values of the frame are doubtful (of a history record: that record's): they keep their number and carry the
 * reason, which makes them suspect. Only what the vendor says of the measurement: a low battery alone makes no distance wrong.
 */
export interface Doubt {
  readonly mask?: number; // of the raw number; absent = all of it
  readonly equals: readonly number[];
  readonly reason: string;
  readonly about: readonly Quantity[];
}

/**
 * Vendor value to quantity: * times + plus. `channel`: a probe whose place only the site file knows (`channels`); unit: what it measures in, null =
 * that of whatever quantity it is given; otherwise: what it measures where the site file says nothing.
 */
export type Given =
  | { readonly quantity: Quantity; readonly times?: number; readonly plus?: number }
  | { readonly channel: string; readonly unit: string | null; readonly otherwise?: Quantity; readonly times?: number; readonly plus?: number };
