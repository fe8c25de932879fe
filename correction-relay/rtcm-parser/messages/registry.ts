import type { MessageLayout } from "../layout.ts";
import { msg1013 } from "./announcements.ts";
import { msg1007, msg1008, msg1033 } from "./antenna.ts";
import { msg1042 } from "./ephemeris-beidou.ts";
import { msg1045, msg1046 } from "./ephemeris-galileo.ts";
import { msg1020 } from "./ephemeris-glonass.ts";
import { msg1019, msg1044 } from "./ephemeris-gps-qzss.ts";
import { msg1230 } from "./glonass-bias.ts";
import { msg1009, msg1010, msg1011, msg1012 } from "./legacy-glonass.ts";
import { msg1001, msg1002, msg1003, msg1004 } from "./legacy-gps.ts";
import { msg1030, msg1031 } from "./network-residuals.ts";
import { msg1005, msg1006, msg1032 } from "./reference-point.ts";
import { msg1029 } from "./text.ts";

/** Every message that is one table. A new one is a table and a place here; MSM is built from columns, in msm/. */
const TABLES = [
  ...[msg1001, msg1002, msg1003, msg1004],
  ...[msg1005, msg1006, msg1007, msg1008],
  ...[msg1009, msg1010, msg1011, msg1012],
  ...[msg1013, msg1019, msg1020, msg1029, msg1030, msg1031, msg1032, msg1033],
  ...[msg1042, msg1044, msg1045, msg1046, msg1230],
] as const;

/** A message of a table; `kind` is its number as text. */
export type TableMessage = ReturnType<(typeof TABLES)[number]["decode"]>;

const byType = new Map<number, MessageLayout<TableMessage>>(TABLES.map((table) => [table.type, table as MessageLayout<TableMessage>]));

export function tableOf(type: number): MessageLayout<TableMessage> | undefined {
  return byType.get(type);
}
