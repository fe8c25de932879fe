import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mergePatch } from "../../store/merge-patch.ts";

// RFC 7396, appendix A: the example test cases, each [original, patch, result].
const APPENDIX_A: readonly (readonly [unknown, unknown, unknown])[] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe("JSON merge patch", () => {
  test.each(APPENDIX_A)("%j with %j is %j", (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  test("whatever the patch, it never changes what it is given, and twice is once", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.json({ maxDepth: 4 }), (a, b) => {
        const [target, patch] = [JSON.parse(a), JSON.parse(b)];
        const once = mergePatch(target, patch);
        expect([JSON.stringify(target), JSON.stringify(patch)]).toEqual([JSON.stringify(JSON.parse(a)), JSON.stringify(JSON.parse(b))]);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });
});
