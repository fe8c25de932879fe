import { signed, unsigned } from "../fields.ts";

/** Rows that the legacy observables of GPS (1001..1004) and GLONASS (1009..1012) share. */
const phase = signed(20, { perUnit: 2000, invalid: -(2 ** 19) }); // 0.5 mm; the sender wraps it at ±1500 cycles
const lock = unsigned(7); // DF013: see RTCM table 3.4-2
const cnr = unsigned(8, { perUnit: 4, invalid: 0 });

export const l1Carrier = [
  ["l1PhaseMinusPseudorangeM", phase], // DF012, DF042
  ["l1LockIndicator", lock],
] as const;
export const l1Extension = [["l1CnrDbHz", cnr]] as const; // DF015, DF045

export const l2Head = [["l2Code", unsigned(2)]] as const; // DF016: 0 C/A or L2C, 1 P(Y), 2 cross-correlated, 3 correlated
export const l2Carrier = [
  ["l2PhaseMinusL1PseudorangeM", phase], // DF018, DF048
  ["l2LockIndicator", lock],
] as const;
export const l2Extension = [["l2CnrDbHz", cnr]] as const; // DF020, DF050
