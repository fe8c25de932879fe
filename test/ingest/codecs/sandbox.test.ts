import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { codecVersion } from "../../../ingest/codecs/codec-version.ts";
import { Sandbox, type Script } from "../../../ingest/codecs/sandbox.ts";
import { readScriptResult, type ScriptResult } from "../../../ingest/codecs/script-result.ts";
import { DATA, FORMS, FRAME, PLAIN, RUNAWAYS, runaway } from "./scripts.ts";

const sandbox = new Sandbox();
afterAll(() => sandbox.close());

const scriptOf = (script: string): Script => codecVersion({ id: "test", script, mapping: [], vectors: [] });
const run = (script: string, frame: Partial<typeof FRAME> = {}): ScriptResult => readScriptResult(sandbox.run(scriptOf(script), { ...FRAME, ...frame }));
/** What an expression is inside the sandbox. */
const evaluate = (expression: string, frame: Partial<typeof FRAME> = {}): unknown =>
  (run(`function decodeUplink(input) { return { data: { it: ${expression} } }; }`, frame).data as { it: unknown } | null)?.it;

describe("forms of a script", () => {
  test.each(FORMS)("$name", ({ script }) => {
    expect(run(script)).toEqual({ data: DATA, normalized: null, warnings: [], errors: [], nonFinite: [] });
  });

  test("ChirpStack v3: Decode(fPort, bytes, variables)", () => {
    expect(run("function Decode(fPort, bytes, variables) { return { fPort, n: bytes.length, v: typeof variables }; }").data).toEqual({
      fPort: 1,
      n: 4,
      v: "object",
    });
  });

  test("The Things Network v2: Decoder(bytes, port)", () => {
    expect(run("function Decoder(bytes, port) { return { port: port, first: bytes[0] }; }").data).toEqual({ port: 1, first: 255 });
  });

  test("decodeUplink counts before the older forms", () => {
    expect(run(`${PLAIN} function Decode() { return { old: 1 }; } function Decoder() { return { older: 1 }; }`).data).toEqual(DATA);
  });

  test.each([
    { what: "no JavaScript", script: "function (", says: /^SyntaxError/ },
    { what: "no decoder", script: "var a = 1;", says: /no function decodeUplink/ },
    { what: "it throws while it loads", script: `throw new Error("broken"); ${PLAIN}`, says: /^Error: broken$/ },
    { what: "it wants a package", script: `const x = require("x"); ${PLAIN}`, says: /require.*is not defined/ },
    { what: "it wants a module", script: `import x from "fs"; export ${PLAIN.slice(PLAIN.indexOf("function"))}`, says: /could not load module/ },
    { what: "it loads for ever", script: `while (true); ${PLAIN}`, says: /while it was loaded: stopped/ },
  ])("cannot be used: $what", ({ script, says }) => {
    const result = run(script);
    expect(result.data).toBeNull();
    expect(result.errors).toEqual([expect.stringMatching(says)]);
  });
});

describe("what a script gets", () => {
  test("bytes as an array, recvTime as a date, port and variables", () => {
    const shape = "[Array.isArray(input.bytes), input.bytes, input.fPort, input.recvTime instanceof Date, input.recvTime.getTime(), input.variables]";
    expect(evaluate(shape)).toEqual([true, [255, 156, 61, 250], 1, true, FRAME.recvTimeMs, {}]);
  });

  test("no way out: no files, network, timers, processes, shared memory", () => {
    const names = [
      "process",
      "require",
      "fetch",
      "XMLHttpRequest",
      "WebSocket",
      "setTimeout",
      "setInterval",
      "SharedArrayBuffer",
      "WeakRef",
      "performance",
      "os",
      "std",
    ];
    expect(evaluate(`[${names.map((name) => `typeof ${name}`)}]`)).toEqual(names.map(() => "undefined"));
    expect(evaluate("typeof globalThis.constructor.constructor('return this')().process")).toBe("undefined");
  });

  test("its clock stands at recvTime, in UTC; its chance is always the same", () => {
    const first = evaluate("[Date.now(), +new Date(), new Date(2026, 5, 1).getTime(), new Date().getTimezoneOffset(), Math.random(), Math.random()]");
    expect(first).toEqual([FRAME.recvTimeMs, FRAME.recvTimeMs, FRAME.recvTimeMs, 0, expect.any(Number), expect.any(Number)]);
    expect(evaluate("[Date.now(), +new Date(), new Date(2026, 5, 1).getTime(), new Date().getTimezoneOffset(), Math.random(), Math.random()]")).toEqual(first);
  });

  test("console writes nothing, and costs nothing", () => {
    expect(evaluate("(console.log('a'), console.error('b'), 1)")).toBe(1);
  });

  test("Buffer reads what Node's reads", () => {
    const reads = [
      ...["readUInt8", "readInt8"].map((read) => `${read}(3)`),
      ...["UInt16", "Int16", "UInt32", "Int32", "Float", "Double"].flatMap((kind) => ["LE", "BE"].map((order) => `read${kind}${order}(1)`)),
      ...["LE", "BE"].flatMap((order) => [`readUInt${order}(0, 3)`, `readInt${order}(2, 3)`, `readInt${order}(1, 6)`]),
      ...["hex", "base64", "base64url", "latin1", "utf8"].map((encoding) => `toString("${encoding}")`),
      "slice(2, 5).toString('hex')",
      "subarray(-3).readUInt16BE(0)",
      "length",
      "equals(Buffer.from(b))",
      "swap16().toString('hex')",
    ];
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 10, maxLength: 10 }), (bytes) => {
        const found = evaluate(`(() => { const of = () => Buffer.from(input.bytes); let b; return [${reads.map((read) => `(b = of()).${read}`)}]; })()`, {
          bytes,
        });
        const expected = reads.map((read) => new Function("Buffer", "b", `return b.${read}`)(Buffer, Buffer.from(bytes)));
        expect(found).toEqual(expected.map((value) => (typeof value === "number" && !Number.isFinite(value) ? expect.any(Number) : value)));
      }),
      { numRuns: 40 },
    );
  });

  test("Buffer makes what Node's makes", () => {
    const makes = [
      "Buffer.from('00ff1g2', 'hex')",
      "Buffer.from('44GC8J-Yhg', 'base64')",
      "Buffer.from('水位 é 😀', 'utf8')",
      "Buffer.concat([Buffer.from([1, 2]), Buffer.from('ab')])",
      "Buffer.alloc(3, 7)",
      "Buffer.from(Uint8Array.of(9, 8).buffer)",
      "(() => { const b = Buffer.alloc(6); b.writeInt16BE(-2, 0); b.writeFloatLE(1.5, 2); return b; })()",
    ];
    const expected = makes.map((make) => new Function("Buffer", `return ${make}.toString("hex")`)(Buffer));
    expect(evaluate(`[${makes.map((make) => `${make}.toString("hex")`)}]`)).toEqual(expected);
    expect(evaluate("[atob('aGk='), btoa('hi'), new TextDecoder().decode(new TextEncoder().encode('水')), Buffer.isBuffer(new Buffer('ab', 'utf8'))]")).toEqual(
      ["hi", "aGk=", "水", true],
    );
    expect(run("function decodeUplink() { return { data: { v: Buffer.alloc(2).readUInt32BE(0) } }; }").errors).toEqual([expect.stringMatching(/^RangeError/)]);
  });
});

describe("what a script gives", () => {
  test.each([
    { what: "throws", body: 'throw new Error("bad frame")', errors: ["Error: bad frame"] },
    { what: "throws a string", body: 'throw "bad"', errors: ["bad"] },
    { what: "throws nothing", body: "throw undefined", errors: ["threw undefined"] },
    { what: "says errors", body: 'return { errors: ["a", "b"], data: { x: 1 } }', errors: ["a", "b"] },
    { what: "says one error as text", body: 'return { errors: "a" }', errors: ["a"] },
    { what: "returns nothing", body: "", errors: ["the script returned no data"] },
    { what: "returns a number", body: "return 5", errors: ["the script returned no data"] },
    { what: "returns a promise", body: "return Promise.resolve({ data: {} })", errors: [expect.stringMatching(/promise/)] },
    { what: "returns itself in itself", body: "const a = {}; a.a = a; return { data: a }", errors: [expect.stringMatching(/circular/)] },
    { what: "returns too much", body: "return { data: { a: 'x'.repeat(300000) } }", errors: [expect.stringMatching(/longer than/)] },
    {
      what: "nests without end",
      body: "let a = {}; for (let i = 0; i < 100; i += 1) a = { a }; return { data: a }",
      errors: [expect.stringMatching(/nested deeper/)],
    },
    { what: "recurses without end", body: "return (function f(n) { return 1 + f(n + 1); })(0)", errors: [expect.stringMatching(/stack overflow/)] },
  ])("$what: errors", ({ body, errors }) => {
    expect(run(`function decodeUplink(input) { ${body} }`).errors).toEqual(errors);
  });

  test("NaN and infinities are kept apart from null", () => {
    const result = run("function decodeUplink() { return { data: { a: NaN, b: [1, -Infinity], c: null } }; }");
    expect(result.data).toEqual({ a: Number.NaN, b: [1, Number.NEGATIVE_INFINITY], c: null });
    expect(result.nonFinite).toEqual([
      { root: "data", path: ["a"], number: "NaN" },
      { root: "data", path: ["b", 1], number: "-Infinity" },
    ]);
  });

  test("normalizeUplink works on the script's own data; its trouble is a warning", () => {
    const script = (body: string) => `${PLAIN} function normalizeUplink(input) { ${body} }`;
    expect(run(script("return { data: { soil: { temperature: input.data.temperature.value } } };")).normalized).toEqual({ soil: { temperature: -10 } });
    const broken = run(script('throw new Error("no")'));
    expect([broken.data, broken.normalized, broken.warnings]).toEqual([DATA, null, ["normalizeUplink: no"]]);
  });

  test("a script that meddles with its own surroundings harms nobody else", () => {
    const meddling = `JSON.stringify = () => "no"; Object.prototype.data = { evil: 1 }; Array.isArray = () => true; Date = 5; globalThis.Buffer = 7;\n${PLAIN}`;
    expect(run(meddling).data).toEqual(DATA);
    expect(({} as { data?: unknown }).data).toBeUndefined();
    expect(run(PLAIN).data).toEqual(DATA);
  });
});

test("the same frame gives the same, whatever came before it", () => {
  const script = `let seen = 0; const kept = []; total = 0;
    function decodeUplink(input) {
      seen += 1; kept.push(input.bytes[0]); total += input.bytes.length; Array.prototype.count = (Array.prototype.count || 0) + 1;
      if (input.bytes[0] % 5 === 0) throw new Error("refused " + seen);
      return { data: { seen, kept: kept.length, total, count: [].count, chance: Math.random(), first: input.bytes[0] } };
    }`;
  const frame = (first: number) => ({ ...FRAME, bytes: Uint8Array.of(first, 2, 3) });
  const alone = (first: number) => JSON.stringify(sandbox.run(scriptOf(`${script}//${first}`), frame(first))); // a sandbox that has seen nothing
  const expected = [1, 2, 5].map(alone);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 30 }), (order) => {
      for (const i of order) expect(JSON.stringify(sandbox.run(scriptOf(script), frame([1, 2, 5][i] as number)))).toBe(expected[i]);
    }),
    { numRuns: 10 },
  );
});

describe("stops", () => {
  test.each(RUNAWAYS)("$name is stopped, and the next frame is decoded", ({ body, by }) => {
    const script = scriptOf(runaway(body));
    expect(sandbox.run(script, { ...FRAME, fPort: 9 })).toMatchObject({ kind: "stopped", by });
    expect(readScriptResult(sandbox.run(script, FRAME)).data).toEqual({ ok: 1 });
    expect(run(PLAIN).data).toEqual(DATA);
  });

  test("several frames at once end at the first stop", () => {
    const frames = [1, 1, 9, 1].map((fPort) => ({ ...FRAME, fPort }));
    const { outcomes, stop } = sandbox.runAll(scriptOf(runaway("while (true) {}")), frames, { runMs: 1000, loadMs: 1500 });
    expect([outcomes.map((outcome) => outcome.kind), stop]).toEqual([["ran", "ran", "stopped"], null]);
    const hours = sandbox.runAll(scriptOf(runaway("new Array(4e9).indexOf(5)")), frames, { runMs: 200, loadMs: 1500 });
    expect(hours).toMatchObject({ outcomes: [], stop: { index: 2, outcome: { kind: "stopped", by: "time" } } });
  });

  test("more scripts than are kept loaded: each still gives its own", () => {
    const scripts = Array.from({ length: 34 }, (_, i) => scriptOf(`function decodeUplink() { return { data: { i: ${i} } }; }`));
    for (const round of [0, 1]) {
      const found = scripts.map((script) => (readScriptResult(sandbox.run(script, FRAME)).data as { i: number }).i);
      expect(found, `round ${round}`).toEqual(scripts.map((_, i) => i));
    }
    sandbox.keep(new Set());
    expect(readScriptResult(sandbox.run(scripts[3] as Script, FRAME)).data).toEqual({ i: 3 });
  });

  test("closed and used again", () => {
    const other = new Sandbox();
    expect(other.start()).toBe(true);
    other.close();
    other.close();
    expect(readScriptResult(other.run(scriptOf(PLAIN), FRAME)).data).toEqual(DATA);
    other.close();
  });
});
