import { describe, expect, test } from "vitest";
import { en } from "../../map-ui/i18n/en.ts";
import { ja } from "../../map-ui/i18n/ja.ts";
import { clocksOf, durationWords, timeAgo, unitText, valueText } from "../../map-ui/state/format.ts";

const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;

describe("time ago", () => {
  test.each([
    { agoMs: -5 * S, jaText: "いま", enText: "now" }, // clocks differ a little
    { agoMs: 0, jaText: "いま", enText: "now" },
    { agoMs: 3 * S, jaText: "3秒前", enText: "3 s ago" },
    { agoMs: 59.9 * S, jaText: "59秒前", enText: "59 s ago" },
    { agoMs: MIN, jaText: "1分前", enText: "1 min ago" },
    { agoMs: 10 * MIN, jaText: "10分前", enText: "10 min ago" },
    { agoMs: 59 * MIN + 59 * S, jaText: "59分前", enText: "59 min ago" },
    { agoMs: H, jaText: "1時間前", enText: "1 h ago" },
    { agoMs: 47 * H, jaText: "47時間前", enText: "47 h ago" },
    { agoMs: 48 * H, jaText: "2日前", enText: "2 days ago" },
    { agoMs: 400 * D, jaText: "400日前", enText: "400 days ago" },
  ])("$agoMs ms is $jaText", ({ agoMs, jaText, enText }) => {
    const nowMs = Date.parse("2026-06-12T00:00:00Z");
    expect(timeAgo(nowMs - agoMs, nowMs, ja)).toBe(jaText);
    expect(timeAgo(nowMs - agoMs, nowMs, en)).toBe(enText);
  });
});

test("a length of time counts in the greatest unit that says something", () => {
  expect(durationWords(6 * H + 20 * MIN, ja)).toBe("6時間");
  expect(durationWords(72 * H, ja)).toBe("3日");
  expect(durationWords(24 * H, en)).toBe("24 hours");
  expect(durationWords(-1, ja)).toBe("0秒");
});

test("clock times are those of the site, whatever the phone's zone", () => {
  const atMs = Date.parse("2026-06-11T21:05:12Z");
  const misato = clocksOf("Asia/Tokyo");
  expect([misato.time(atMs), misato.minute(atMs), misato.day(atMs), misato.dayTime(atMs)]).toEqual(["6:05:12", "6:05", "6/12", "6/12 6:05"]);
  expect(clocksOf("UTC").time(Date.parse("2026-06-11T00:00:00Z"))).toBe("0:00:00");
});

test("values have as many decimals as the sensor can tell", () => {
  expect(valueText(1.4987, "cm")).toBe("1.5");
  expect(valueText(3.3099, "V")).toBe("3.31");
  expect(valueText(-97, "dB[mW]")).toBe("-97");
  expect([unitText("Cel", ja), unitText("dB[mW]", ja), unitText("hPa", ja)]).toEqual(["℃", "dBm", "hPa"]);
});
