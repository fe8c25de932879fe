import { expect, test } from "vitest";
import { uplinkTrouble } from "../../app/roles/uplink-trouble.ts";
import { freshFolder } from "../support/service.ts";

test.each([
  { name: "all is well", way: { reached: true, accepting: true }, told: null },
  { name: "field is gone, whatever it said last", way: { reached: false, accepting: true }, told: /^uplinks are refused: field does not answer/ },
  { name: "field cannot write", way: { reached: true, accepting: false }, told: /^uplinks are refused: (field cannot write its journal|only \d+ MB free)/ },
])("$name", ({ way, told }) => {
  const trouble = uplinkTrouble({ ...way, dataFolder: freshFolder("trouble") });
  if (told === null) expect(trouble).toBeNull();
  else expect(trouble).toMatch(told);
});

test("a data folder that is gone is told in general words", () => {
  expect(uplinkTrouble({ reached: true, accepting: false, dataFolder: "/nowhere/at/all" })).toMatch(/^uplinks are refused: field cannot write its journal/);
});
