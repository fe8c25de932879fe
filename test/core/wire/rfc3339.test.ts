import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { base64Bytes } from "../../../core/wire/base64.ts";
import { rfc3339Ms } from "../../../core/wire/rfc3339.ts";

describe("RFC 3339 times", () => {
  test.each([
    ["2022-07-18T09:34:15.775023242+00:00", Date.UTC(2022, 6, 18, 9, 34, 15, 775)],
    ["2022-07-18T09:34:15.999999999Z", Date.UTC(2022, 6, 18, 9, 34, 15, 999)],
    ["2022-07-18T18:34:15+09:00", Date.UTC(2022, 6, 18, 9, 34, 15)],
    ["2022-07-18t04:04:15.5-05:30", Date.UTC(2022, 6, 18, 9, 34, 15, 500)],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["2016-12-31T23:59:60Z", Date.UTC(2017, 0, 1)],
    ["1969-12-31T23:59:59.250Z", -750],
  ])("%s", (text, ms) => expect(rfc3339Ms(text)).toBe(ms));

  test.each([
    "",
    "2022-07-18",
    "2022-07-18T09:34:15",
    "2022-07-18 09:34:15Z",
    "2022-02-30T00:00:00Z",
    "2022-13-01T00:00:00Z",
    "2022-00-01T00:00:00Z",
    "2022-01-00T00:00:00Z",
    "2022-01-01T24:00:00Z",
    "2022-01-01T00:60:00Z",
    "2022-01-01T00:00:61Z",
    "2022-01-01T00:00:00.Z",
    "2022-01-01T00:00:00.1234567890Z",
    "2022-01-01T00:00:00+24:00",
    "1658136855775",
    " 2022-07-18T09:34:15Z",
  ])("not %j", (text) => expect(rfc3339Ms(text)).toBeNull());

  test("agrees with Date on every moment it writes", () => {
    const moments = fc.date({ min: new Date(0), max: new Date(253402300799999), noInvalidDate: true });
    fc.assert(
      fc.property(moments, (date) => {
        expect(rfc3339Ms(date.toISOString())).toBe(date.getTime());
      }),
    );
  });
});

describe("base64", () => {
  test("reads back every sequence of bytes, in each form that proto3 JSON allows", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        const urlSafe = Buffer.from(bytes).toString("base64url");
        for (const form of [text, text.replace(/=+$/, ""), urlSafe, urlSafe.padEnd(text.length, "=")]) expect(base64Bytes(form)).toEqual(bytes);
      }),
    );
  });
  test.each(["q", "qg=", "qh==", "qh", "q g==", "qg==\n", "qg==qg==", "=qg=", "====", "=", "qg===", "qqq=="])("not %j", (text) =>
    expect(base64Bytes(text)).toBeNull(),
  );
});
