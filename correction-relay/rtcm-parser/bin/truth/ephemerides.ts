import type { TableMessage } from "../../rtcm-parser.ts";

type EphemerisKind = "1019" | "1020" | "1042" | "1044" | "1045" | "1046";
export type EphemerisMessage = Extract<TableMessage, { kind: EphemerisKind }>;

const KINDS: ReadonlySet<string> = new Set<EphemerisKind>(["1019", "1020", "1042", "1044", "1045", "1046"]);

export const isEphemeris = (message: { readonly kind: string }): message is EphemerisMessage => KINDS.has(message.kind);

/** Our names carry their unit last, the truth files' do not: the units stand in their FIELDS.md. Those of 1042 in ns keep theirs. */
const UNIT = /(ScPerS|SPerS2|SPerS|KmPerS2|KmPerS|Km|Sc|Rad|M|S)$/;
/** What a tidy message does not have. */
const UNTIDY: ReadonlySet<string> = new Set(["reserved", "remainder"]);

/** An ephemeris in the words of the truth files, in the order it is sent. */
export function ephemerisTruth(message: EphemerisMessage, frame: number): object {
  const { kind, satelliteId, ...rest } = message;
  const fields = Object.entries(rest).filter(([name]) => !UNTIDY.has(name)) as [string, number][];
  const glonass = message.kind === "1020";
  return {
    frame,
    type: Number(kind),
    [glonass ? "slot" : "sat"]: satelliteId,
    ...Object.fromEntries(fields.map(([name, value]) => [name.replace(UNIT, ""), value])),
    ...(glonass ? glonassTimes(message) : {}),
  };
}

/** As sent and as it is meant: the channel with and without its offset of 7, times as bits and in seconds of the day. */
function glonassTimes({ frequencyChannel, tk, tbS }: Extract<EphemerisMessage, { kind: "1020" }>): object {
  const hours = tk >> 7;
  const minutes = (tk >> 1) & 63;
  return {
    freqCh: frequencyChannel + 7,
    tb: tbS / 900,
    tkSec: hours * 3600 + minutes * 60 + (tk & 1) * 30,
    tbSec: tbS,
    freq: frequencyChannel,
  };
}
