import fc from "fast-check";
import { expect, test } from "vitest";
import { type SseItem, SseParser } from "../../map-ui/live/sse-parser.ts";

const itemsOf = (chunks: readonly string[]): SseItem[] => {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => [...parser.push(chunk)]);
};

// The examples of WHATWG HTML 9.2.6, and what our server sends
test.each([
  { name: "two data lines", text: "data: YHOO\ndata: +2\n\n", items: [{ kind: "message", event: "message", data: "YHOO\n+2", id: null }] },
  { name: "a comment", text: ": test stream\n\n", items: [{ kind: "comment" }] },
  { name: "empty data", text: "data\n\n", items: [{ kind: "message", event: "message", data: "", id: null }] },
  {
    name: "one space is not data",
    text: "data:test\n\ndata: test\n\n",
    items: [
      { kind: "message", event: "message", data: "test", id: null },
      { kind: "message", event: "message", data: "test", id: null },
    ],
  },
  { name: "unfinished at the end", text: "data: a\n\ndata: b\n", items: [{ kind: "message", event: "message", data: "a", id: null }] },
  {
    name: "event and id; the id stays",
    text: "id: 7\nevent: base\ndata: {}\n\ndata: x\n\n",
    items: [
      { kind: "message", event: "base", data: "{}", id: "7" },
      { kind: "message", event: "message", data: "x", id: "7" },
    ],
  },
  { name: "CRLF", text: "data: a\r\n\r\n", items: [{ kind: "message", event: "message", data: "a", id: null }] },
  { name: "unknown field", text: "retry: 10\nnonsense\ndata: a\n\n", items: [{ kind: "message", event: "message", data: "a", id: null }] },
])("$name", ({ text, items }) => expect(itemsOf([text])).toEqual(items));

test("any chunking gives the same messages", () => {
  const line = fc.constantFrom("data: a", "data: b c", ": beat", "id: 3", "event: reading", "", "", "data");
  const stream = fc.tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom("\n", "\r\n")).map(([lines, end]) => lines.map((l) => l + end).join(""));
  fc.assert(
    fc.property(stream, fc.array(fc.nat(200), { maxLength: 12 }), (text, cuts) => {
      const at = [...new Set(cuts.map((c) => Math.min(c, text.length)))].sort((a, b) => a - b);
      const chunks = [0, ...at].map((from, i, all) => text.slice(from, all[i + 1] ?? text.length));
      expect(itemsOf(chunks)).toEqual(itemsOf([text]));
    }),
  );
});

test("a line without end is refused before it fills the memory", () => {
  const parser = new SseParser();
  expect(() => {
    for (let i = 0; i < 10; i++) [...parser.push("x".repeat(1_000_000))];
  }).toThrow(RangeError);
});
