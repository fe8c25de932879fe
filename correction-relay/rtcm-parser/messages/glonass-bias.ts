import { ifSet, signed, unsigned } from "../fields.ts";
import { message, reserved } from "../layout.ts";

const DF423 = signed(16, { perUnit: 50, invalid: -32_768 }); // code-phase bias, 2 cm; DF424..DF426 alike

/**
 * RTCM 10403.3, message 1230: GLONASS code-phase biases.
 * A bias is null when its bit in `signalMask` is clear, and when the sender does not know it.
 */
export const msg1230 = message(1230, [
  ["stationId", unsigned(12)],
  ["biasIndicator", unsigned(1)], // DF421: 1 = pseudorange and phase range are of one instant
  reserved(3),
  ["signalMask", unsigned(4)], // DF422: L1 C/A = 8, L1 P = 4, L2 C/A = 2, L2 P = 1
  ["l1CaBiasM", ifSet("signalMask", 8, DF423)],
  ["l1PBiasM", ifSet("signalMask", 4, DF423)],
  ["l2CaBiasM", ifSet("signalMask", 2, DF423)],
  ["l2PBiasM", ifSet("signalMask", 1, DF423)],
]);
