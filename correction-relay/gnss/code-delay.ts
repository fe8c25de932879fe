import type { Ephemeris, KeplerEphemeris } from "./ephemeris.ts";
import { L1_HZ } from "./physical-constants.ts";

const L2_HZ = 1227.6e6;
const E5A_HZ = 1176.45e6;
const E5B_HZ = 1207.14e6; // also B2I
const B1I_HZ = 1561.098e6;
const B3I_HZ = 1268.52e6;
/** BeiDou-3 sends another code on the carrier of B2I, of which message 1042 says nothing. */
const B2B_SIGNAL_ID = 25;

/**
 * By how much a code is later than the broadcast clock says, s; null where the message does not tell (L5, B1C, B2a, B2b …).
 * IS-GPS-200 §20.3.3.3.3.2; Galileo OS SIS ICD §5.1.5; BDS-SIS-ICD §5.2.4.10.
 */
export function codeDelayS(eph: Ephemeris, { frequencyHz, signalId }: { readonly frequencyHz: number; readonly signalId: number }): number | null {
  if (eph.kind === "glonass") return 0;
  const [first, second] = eph.groupDelaysS;
  switch (eph.constellation) {
    case "GPS":
    case "QZSS":
      if (frequencyHz === L1_HZ) return first;
      return frequencyHz === L2_HZ ? squaredRatio(L2_HZ) * first : null;
    case "BEIDOU":
      if (frequencyHz === B1I_HZ) return first;
      if (frequencyHz === E5B_HZ && signalId !== B2B_SIGNAL_ID) return second;
      return frequencyHz === B3I_HZ ? 0 : null;
    case "GALILEO":
      return galileoDelayS(eph, frequencyHz);
    default:
      return null;
  }
}

/** The clock of I/NAV (1046) is that of E1 with E5b, that of F/NAV (1045) of E1 with E5a. */
function galileoDelayS({ message, groupDelaysS: [own, other] }: KeplerEphemeris, frequencyHz: number): number | null {
  if (frequencyHz === L1_HZ) return own;
  if (message === "1045") return frequencyHz === E5A_HZ ? squaredRatio(E5A_HZ) * own : null;
  if (frequencyHz === E5B_HZ) return squaredRatio(E5B_HZ) * own;
  return frequencyHz === E5A_HZ ? own - other + squaredRatio(E5A_HZ) * other : null;
}

const squaredRatio = (hz: number): number => (L1_HZ / hz) ** 2;
