import fc from "fast-check";
import { expect, test } from "vitest";
import { firstLang, parseView, SCALES_PCT, type View, viewSearch } from "../../map-ui/state/view.ts";

const FORGOTTEN = { lang: null, scale: null };

test.each([
  { search: "", view: { tab: "today", selected: null, lang: "ja", scalePct: 100, ground: null } },
  { search: "?lang=en&scale=150&tab=map", view: { tab: "map", selected: null, lang: "en", scalePct: 150, ground: null } },
  { search: "?plot=kita-3&ground=gsi-pale", view: { tab: "today", selected: { kind: "plot", id: "kita-3" }, lang: "ja", scalePct: 100, ground: "gsi-pale" } },
  { search: "?lang=xx&scale=7&tab=nowhere&plot=", view: { tab: "today", selected: null, lang: "ja", scalePct: 100, ground: null } },
])("$search", ({ search, view }) => {
  expect(parseView(search, FORGOTTEN)).toEqual(view);
});

test("what the device remembers holds where the URL says nothing", () => {
  expect(parseView("", { lang: "en", scale: "200" })).toMatchObject({ lang: "en", scalePct: 200 });
  expect(parseView("?lang=ja&scale=100", { lang: "en", scale: "200" })).toMatchObject({ lang: "ja", scalePct: 100 });
});

test.each([
  { asked: ["ja-JP", "en"], lang: "ja" },
  { asked: ["en-GB", "ja"], lang: "en" },
  { asked: ["vi", "en-US"], lang: "en" },
  { asked: ["zh-CN"], lang: "ja" },
  { asked: [], lang: "ja" },
])("a first visit with a browser that asks for $asked is in $lang", ({ asked, lang }) => {
  expect(firstLang(asked)).toBe(lang);
});

test("an address says the language wherever it is not the browser's own", () => {
  const view = parseView("", FORGOTTEN);
  expect(viewSearch(view, "en")).toBe("?lang=ja");
  expect(viewSearch({ ...view, lang: "en" }, "en")).toBe("");
});

test("every view survives its URL", () => {
  const view: fc.Arbitrary<View> = fc.record({
    tab: fc.constantFrom("today", "map", "base"),
    selected: fc.option(
      fc.record({ kind: fc.constantFrom("plot", "base", "rover", "gateway"), id: fc.string({ minLength: 1, unit: "binary" }).filter((s) => s.isWellFormed()) }),
    ),
    lang: fc.constantFrom("ja", "en"),
    scalePct: fc.constantFrom(...SCALES_PCT),
    ground: fc.option(fc.constantFrom("blank", "gsi-pale", "gsi-photo")),
  });
  fc.assert(
    fc.property(view, (v) => {
      expect(parseView(viewSearch(v), FORGOTTEN)).toEqual(v);
    }),
  );
});
