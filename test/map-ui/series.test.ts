import { expect, test } from "vitest";
import { en } from "../../map-ui/i18n/en.ts";
import { ja } from "../../map-ui/i18n/ja.ts";
import { type Bucket, chartColumns, seriesSentence, tableRows } from "../../map-ui/state/series.ts";

const BUCKETS: readonly Bucket[] = [
  [0, 2, 5.9, 6, 6.1],
  [600_000, 0, null, null, null],
  [1_200_000, 1, 2.1, 2.1, 2.1],
];
const DAY_MS = 86_400_000;

test("an empty bucket stays a gap", () => {
  expect(chartColumns(BUCKETS, { fromMs: 0, toMs: 1_200_000 })).toEqual({
    timesS: [0, 600, 1200],
    min: [5.9, null, 2.1],
    mean: [6, null, 2.1],
    max: [6.1, null, 2.1],
  });
});

test("the chart spans the time asked for, also where the sensor was silent", () => {
  expect(chartColumns(BUCKETS.slice(2), { fromMs: 0, toMs: 2_400_000 })).toEqual({
    timesS: [0, 1200, 2400],
    min: [null, 2.1, null],
    mean: [null, 2.1, null],
    max: [null, 2.1, null],
  });
});

test("the table leaves gaps out and starts with the newest", () => {
  expect(tableRows(BUCKETS).map(([tMs]) => tMs)).toEqual([1_200_000, 0]);
});

test.each([
  { means: [6, 2.1], jaText: "この3日で水位は6.0 cmから2.1 cmに下がりました。", enText: "Over 3 days the level fell from 6.0 cm to 2.1 cm." },
  { means: [2, 5], jaText: "この3日で水位は2.0 cmから5.0 cmに上がりました。", enText: "Over 3 days the level rose from 2.0 cm to 5.0 cm." },
  { means: [3, 9, 3.2], jaText: "この3日で水位はほとんど変わらず、3.2 cmです。", enText: "Over 3 days the level hardly changed; it is 3.2 cm." },
])("$jaText", ({ means, jaText, enText }) => {
  const buckets = means.map((mean, i): Bucket => [i * 600_000, 1, mean, mean, mean]);
  expect(seriesSentence(buckets, 3 * DAY_MS, ja)).toBe(jaText);
  expect(seriesSentence(buckets, 3 * DAY_MS, en)).toBe(enText);
});

test("without data there is no sentence", () => {
  expect(seriesSentence([[0, 0, null, null, null]], DAY_MS, ja)).toBeNull();
});
