import { describe, expect, test } from "vitest";
import { en } from "../../map-ui/i18n/en.ts";
import { ja } from "../../map-ui/i18n/ja.ts";
import { sensorsEn } from "../../map-ui/i18n/sensors-en.ts";
import { sensorsJa } from "../../map-ui/i18n/sensors-ja.ts";
import { truthEn } from "../../map-ui/i18n/truth-en.ts";
import { truthJa } from "../../map-ui/i18n/truth-ja.ts";

/** Every leaf as `path: text`; functions are called with telling arguments. */
function leaves(value: unknown, path = ""): Map<string, string> {
  if (typeof value === "string") return new Map([[path, value]]);
  if (typeof value === "function") return new Map([[path, String((value as (...args: unknown[]) => unknown)(2, 3, 4))]]);
  const all = new Map<string, string>();
  for (const [key, child] of Object.entries(value as Record<string, unknown>)) for (const [p, text] of leaves(child, `${path}/${key}`)) all.set(p, text);
  return all;
}

const MAY_BE_EMPTY = new Set(["/rover/fixCode/other", "/rover/fixCode/unknown", "/rover/fixCode/away"]);

describe.each([
  { name: "ja", messages: { ...ja, truth: truthJa, sensors: sensorsJa } },
  { name: "en", messages: { ...en, truth: truthEn, sensors: sensorsEn } },
])("$name", ({ messages }) => {
  const texts = leaves(messages);

  test("holds every key, none of them empty", () => {
    expect([...texts.keys()].sort()).toEqual([...leaves({ ...ja, truth: truthJa, sensors: sensorsJa }).keys()].sort());
    expect([...texts].filter(([path, text]) => text === "" && !MAY_BE_EMPTY.has(path))).toEqual([]);
  });

  test("reports corrections, never permission", () => {
    const permission = /安全|使えます|使用できます|safe|you (can|may) (use|steer)/i;
    expect([...texts.values()].filter((text) => permission.test(text))).toEqual([]);
  });
});

test("English has no Japanese left in it, but for the name of the language", () => {
  const left = [...leaves({ ...en, truth: truthEn, sensors: sensorsEn })].filter(
    ([path, text]) => /[\u3040-\u30ff\u4e00-\u9fff]/.test(text) && path !== "/otherLangName",
  );
  expect(left).toEqual([]);
});

test("the fix states bear the words of the glossary", () => {
  expect([ja.rover.fix, ja.rover.float, ja.rover.single, ja.rover.none]).toEqual(["固定", "準備中", "単独", "なし"]);
});
