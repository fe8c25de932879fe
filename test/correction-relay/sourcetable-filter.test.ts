import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filterRecords, parseTableQuery } from "../../correction-relay/sourcetable-filter.ts";

const TABLE = [
  "CAS;rtk.misato.example;2101;Azemichi;Misato;1;JPN;39.42;140.55;0.0.0.0;0;none",
  "NET;misato;Misato;B;N;none;none;none;none",
  "STR;MISATO1;Office;RTCM 3.3;1006(10),1077(1),1230(5);2;GPS+GLO+GAL;misato;JPN;39.42;140.55;0;0;ZED-F9P;none;B;N;6499;none",
  "STR;MISATO2;School (north);RTCM 3.3;1006(10),1074(1);2;GPS;misato;JPN;39.50;140.60;0;0;mosaic-X5;none;B;N;3000;none",
  "STR;OLD;Old one;RTCM 3.1;1004(1),1012(1);2;GPS+GLO;akita;JPN;40.10;140.10;0;0;unknown;none;B;N;900;none",
  "STR;NEAR;Nearest;RTCM 3.3;1077(1);2;GPS;misato;JPN;39.42;140.55;1;1;Azemichi;none;B;N;0;none",
].map((line) => line.split(";"));

const left = (query: string): readonly string[] | "error" => {
  const parsed = parseTableQuery(query);
  return parsed.kind === "error" ? "error" : filterRecords(TABLE, parsed.query).map((r) => (r[0] === "STR" ? (r[1] ?? "") : (r[0] ?? "")));
};
const STREAMS = ["MISATO1", "MISATO2", "OLD", "NEAR"];

describe("sourcetable queries (NTRIP 2.0)", () => {
  test.each<[name: string, query: string, left: readonly string[]]>([
    ["nothing", "", ["CAS", "NET", ...STREAMS]],
    ["a record type", "STR", STREAMS],
    ["a record type, with its semicolon", "STR;", STREAMS],
    ["CAS", "CAS;", ["CAS"]],
    ["NET", "NET;", ["NET"]],
    ["two types", "CAS|NET;", ["CAS", "NET"]],
    ["any type, second field", ";NEAR", ["NEAR"]],
    ["a mount", "STR;MISATO2", ["MISATO2"]],
    ["case does not matter", "str;misato2", ["MISATO2"]],
    ["a country", "STR;;;;;;;;JPN", STREAMS],
    ["a country of nobody", "STR;;;;;;;;DEU", []],
    ["a format", "STR;;;RTCM 3.1", ["OLD"]],
    ["a format, percent-encoded", "STR;;;RTCM%203.1", ["OLD"]],
    ["a wildcard", "STR;MIS*", ["MISATO1", "MISATO2"]],
    ["a wildcard in the middle", "STR;M*2", ["MISATO2"]],
    ["a message among others", "STR;;;;1077", ["MISATO1", "NEAR"]],
    ["a message with its rate", "STR;;;;1006(10)+1077(1)", ["MISATO1"]],
    ["a system among others", "STR;;;;;;GLO", ["MISATO1", "OLD"]],
    ["both systems", "STR;;;;;;GPS+GAL", ["MISATO1"]],
    ["the very list", "match=STR;;;;;;GPS+GLO", ["OLD"]],
    ["match: GPS and nothing beside it", "match=STR;;;;;;GPS", ["MISATO2", "NEAR"]],
    ["match knows no operators", "match=STR;MIS*", []],
    ["or", "STR;OLD|NEAR", ["OLD", "NEAR"]],
    ["not", "STR;!NEAR", ["MISATO1", "MISATO2", "OLD"]],
    ["neither nor", "STR;!(OLD|NEAR)", ["MISATO1", "MISATO2"]],
    ["and of not", "STR;!OLD+!NEAR", ["MISATO1", "MISATO2"]],
    ["a number, however written", "STR;;;;;;;;;39.420", ["MISATO1", "NEAR"]],
    ["a number by =", "STR;;;;;=2;;;;=39.5", ["MISATO2"]],
    ["more than", "STR;;;;;;;;;;;;;;;;;>2000", ["MISATO1", "MISATO2"]],
    ["between", "STR;;;;;;;;;>=39.42+<40", ["MISATO1", "MISATO2", "NEAR"]],
    ["outside", "STR;;;;;;;;;<39.45|>40", ["MISATO1", "OLD", "NEAR"]],
    ["text is no number", "STR;>5", []],
    ["nearest in latitude", "STR;;;;;;;;;~41", ["OLD"]],
    ["nearest, of equals all", "STR;;;;;;;;;~39.4;~140.5", ["MISATO1", "NEAR"]],
    ["nearest of those that fit", "STR;;;;;;;;;~41&filter=STR;;;;;;;misato", ["MISATO2"]],
    ["wants GGA", "STR;;;;;;;;;;;1", ["NEAR"]],
    ["two conditions", "filter=STR;MIS*&match=STR;;;;;;GPS", ["MISATO2"]],
    ["more fields than there are", "STR;;;;;;;;;;;;;;;;;;;;x", []],
    ["not understood", "x=1&STR;OLD", ["OLD"]],
    ["an expression that is none", "STR;(OLD", ["CAS", "NET", ...STREAMS]],
    ["strict, and understood", "strict&STR;OLD", ["OLD"]],
    ["strict switched off", "strict=0&STR;(OLD&STR;OLD", ["OLD"]],
  ])("%s: %s", (_, query, expected) => expect(left(query)).toEqual(expected));

  test.each(["strict&STR;(OLD", "strict&STR;OLD)", "strict&STR;a||b", "strict=1&what", "strict&STR;!"])("strict makes an error of %s", (query) =>
    expect(left(query)).toBe("error"),
  );

  test("auth is told apart", () => {
    expect(parseTableQuery("auth&STR;")).toMatchObject({ kind: "query", query: { auth: true, strict: false } });
    expect(parseTableQuery("auth=0")).toMatchObject({ kind: "query", query: { auth: false } });
  });

  test("any query is survived, quickly: no nesting and no run of stars is followed for ever", () => {
    const piece = fc.constantFrom("STR", ";", "*", "|", "+", "!", "(", ")", "~1", "<", ">=2", "a", "&", "match=", "filter=", "%", "%41", "strict");
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 60 }), (pieces) => {
        const got = left(pieces.join(""));
        expect(got === "error" || got.length <= TABLE.length).toBe(true);
      }),
    );
    expect(left(`STR;${"(".repeat(4000)}`)).toEqual(["CAS", "NET", ...STREAMS]);
    expect(left(`STR;${"!".repeat(8000)}OLD`)).toEqual(["CAS", "NET", ...STREAMS]);
    expect(left(`STR;;${"*a".repeat(4000)}`)).toEqual([]);
  });
});
