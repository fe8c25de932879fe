import type { Constellation } from "rtcm-parser";
import type { Catalog } from "../core/domain/site.ts";
import type { StreamForm } from "./health.ts";
import { filterRecords, type TableQuery } from "./sourcetable-filter.ts";

/** A mount as the table shows it. */
export interface TableEntry {
  readonly mount: string;
  readonly name: string; // for people; gives way to `id` where it is not ASCII
  readonly id: string;
  readonly form: StreamForm;
  readonly position: { readonly latDeg: number; readonly lonDeg: number } | null; // announced by the stream, else as surveyed
  readonly nmea: boolean; // wants the rover's GGA
  readonly solution: "single" | "network";
  readonly generator: string | null; // the receiver, from 1033
  readonly sim: boolean;
}

export interface TableOptions {
  readonly site: Catalog["site"];
  readonly host: string; // as the client reached us
  readonly port: number;
  readonly entries: readonly TableEntry[];
  readonly query: TableQuery | null; // null: the whole table
}

const SYSTEMS: readonly (readonly [Constellation, string])[] = [
  ["GPS", "GPS"],
  ["GLONASS", "GLO"],
  ["GALILEO", "GAL"],
  ["BEIDOU", "BDS"],
  ["QZSS", "QZS"],
  ["SBAS", "SBAS"],
  ["NAVIC", "IRN"],
];

/** The table, CRLF lines, `ENDSOURCETABLE` at its end (NTRIP 1.0 §4). */
export function sourcetable({ site, host, port, entries, query }: TableOptions): string {
  const country = site.timeZone === "Asia/Tokyo" ? "JPN" : "";
  const first = entries.map(({ position }) => position).find((p) => p !== null) ?? null;
  const name = plain(site.name.en, site.id);
  // 1: GGA is heard, whatever the mount. No fallback caster.
  const cas = ["CAS", host, String(port), "Azemichi", name, "1", country, ...degrees(first), "0.0.0.0", "0", "none"];
  const net = ["NET", plain(site.id, ""), name, "B", "N", "none", "none", "none", "none"];
  const rows = [...entries].sort((a, b) => (a.mount < b.mount ? -1 : 1)).map((entry) => str(entry, site.id, country));
  const records = [cas, net, ...rows];
  return (query === null ? records : filterRecords(records, query))
    .map((fields) => `${fields.join(";")}\r\n`)
    .join("")
    .concat("ENDSOURCETABLE\r\n");
}

/** The 19 fields of a STR record, filled from the stream as far as it is known. */
function str(entry: TableEntry, network: string, country: string): string[] {
  const { form } = entry;
  const types = form.types.filter(({ ratePerS }) => ratePerS > 0);
  return [
    "STR",
    entry.mount,
    plain(entry.name, entry.id),
    formatOf(form),
    types.map(({ type, ratePerS }) => `${type}(${intervalS(ratePerS)})`).join(","),
    String(form.carriers),
    SYSTEMS.filter(([c]) => form.constellations.includes(c))
      .map(([, name]) => name)
      .join("+"),
    plain(network, ""),
    country,
    ...degrees(entry.position),
    entry.nmea ? "1" : "0",
    entry.solution === "network" ? "1" : "0",
    plain(entry.generator ?? "", "unknown"),
    "none",
    "B",
    "N",
    String(Math.round(form.bytesPerS * 8)),
    entry.sim ? "SIMULATED DO NOT STEER" : "none",
  ];
}

/** Words of gpsd's list, which refuses a table with any other. MSM came with RTCM 3.2; what sends none, and something, is of old. */
function formatOf(form: StreamForm): string {
  const legacy = form.types.some(({ type }) => type <= 1012) && !form.types.some(({ type }) => type > 1070 && type < 1140);
  return legacy ? "RTCM 3.1" : "RTCM 3.3";
}

const intervalS = (ratePerS: number): number => Math.max(1, Math.round(1 / ratePerS));

const degrees = (p: TableEntry["position"]): [string, string] => (p === null ? ["0.00", "0.00"] : [p.latDeg.toFixed(2), p.lonDeg.toFixed(2)]);

/** Consoles read ASCII; a name in other letters gives way to the id. A semicolon would shift every field behind it. */
function plain(text: string, otherwise: string): string {
  const clean = text.replace(/[;\r\n"]/g, " ").trim();
  return /^[\x20-\x7e]+$/.test(clean) ? clean : otherwise;
}
