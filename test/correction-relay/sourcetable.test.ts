import { describe, expect, test } from "vitest";
import { sourcetable, type TableEntry } from "../../correction-relay/sourcetable.ts";
import { catalogOf } from "./support.ts";

const site = catalogOf([], []).site;
const entry = (more: Partial<TableEntry> = {}): TableEntry => ({
  mount: "MISATO1",
  name: "Town office",
  id: "misato1",
  form: {
    types: [
      { type: 1006, ratePerS: 0.1 },
      { type: 1077, ratePerS: 1 },
      { type: 1087, ratePerS: 0.98 },
      { type: 1230, ratePerS: 0.2 },
      { type: 1033, ratePerS: 0 }, // of before
    ],
    constellations: ["BEIDOU", "GPS", "GLONASS"],
    carriers: 2,
    bytesPerS: 812.4,
  },
  position: { latDeg: 39.4196, lonDeg: 140.5501 },
  nmea: false,
  solution: "single",
  generator: "u-blox ZED-F9P",
  sim: false,
  ...more,
});
const UNKNOWN = { types: [], constellations: [], carriers: 0, bytesPerS: 0 } as const;

const lines = (...entries: TableEntry[]): string[] => sourcetable({ site, host: "192.0.2.5", port: 2101, entries, query: null }).split("\r\n");

describe("sourcetable", () => {
  test("CAS, NET, STR with 19 fields from the stream, and its end", () => {
    expect(lines(entry())).toEqual([
      "CAS;192.0.2.5;2101;Azemichi;Misato;1;JPN;39.42;140.55;0.0.0.0;0;none",
      "NET;misato;Misato;B;N;none;none;none;none",
      "STR;MISATO1;Town office;RTCM 3.3;1006(10),1077(1),1087(1),1230(5);2;GPS+GLO+BDS;misato;JPN;39.42;140.55;0;0;u-blox ZED-F9P;none;B;N;6499;none",
      "ENDSOURCETABLE",
      "",
    ]);
  });

  test.each([
    ["a name in Japanese gives way to the id", entry({ id: "misato-1", name: "町役場" }), 2, "misato-1"],
    ["semicolons and line ends do not shift fields", entry({ name: "a;b\r\nc" }), 2, "a b  c"],
    ["legacy observations only", entry({ form: { ...entry().form, types: [{ type: 1004, ratePerS: 1 }] } }), 3, "RTCM 3.1"],
    ["nothing received yet", entry({ form: UNKNOWN }), 3, "RTCM 3.3"],
    ["nothing received: no types", entry({ form: UNKNOWN }), 4, ""],
    ["position not known", entry({ position: null }), 9, "0.00"],
    ["simulated", entry({ sim: true }), 18, "SIMULATED DO NOT STEER"],
    ["network solution", entry({ solution: "network" }), 12, "1"],
  ])("%s", (_, given, field, value) => {
    const fields =
      lines(given)
        .find((line) => line.startsWith("STR;"))
        ?.split(";") ?? [];
    expect(fields).toHaveLength(19);
    expect(fields[field]).toBe(value);
  });

  test("mounts in order", () => {
    const table = lines(entry({ mount: "B" }), entry({ mount: "A" }));
    expect(table.filter((line) => line.startsWith("STR;")).map((line) => line.split(";")[1])).toEqual(["A", "B"]);
  });
});
