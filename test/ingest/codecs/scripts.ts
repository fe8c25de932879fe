import type { CodecMapping } from "../../../core/domain/codec.ts";

/**
 * A made-up soil probe: port 1, temperature as signed big-endian 0.1 °C, moisture as one byte of 0.5 %, battery in 10 mV.
 * The same decoder in the forms in which vendors publish theirs.
 */
const BODY = `{
  if (input.fPort !== 1) return { errors: ["unknown fPort"] };
  if (input.bytes.length !== 4) return { errors: ["wrong length"] };
  const raw = (input.bytes[0] << 8) | input.bytes[1];
  return {
    data: {
      temperature: { value: (raw > 32767 ? raw - 65536 : raw) / 10, unit: "°C" },
      moisture: (input.bytes[2] / 2).toFixed(2),
      battery: input.bytes[3] / 100,
    },
    warnings: [],
  };
}`;

export const PLAIN = `// TS013\nfunction decodeUplink(input) ${BODY}`;

export const FORMS: readonly { readonly name: string; readonly script: string }[] = [
  { name: "plain script", script: PLAIN },
  { name: "plain script that ends in a comment", script: `${PLAIN} // end` },
  { name: "byte-order mark", script: `\uFEFF${PLAIN}` },
  { name: "constant", script: `const decodeUplink = (input) => ${BODY};` },
  { name: "ES module", script: `export function decodeUplink(input) ${BODY}` },
  { name: "ES module, renamed", script: `const decode = (input) => ${BODY}; export { decode as decodeUplink };` },
  { name: "ES module, default object", script: `export default { decodeUplink(input) ${BODY} };` },
  { name: "module.exports", script: `module.exports = { decodeUplink: function (input) ${BODY} };` },
  { name: "exports", script: `exports.decodeUplink = function (input) ${BODY};` },
  {
    name: "with a downlink encoder beside it",
    script: `${PLAIN}\nfunction encodeDownlink(input) { return { bytes: [], fPort: 1 }; }\nmodule.exports = { encodeDownlink };`,
  },
  {
    name: "implicit globals, as sloppy engines allow",
    script: `function decodeUplink(input) { result = read(input); return result; }\nfunction read(input) ${BODY}`,
  },
  { name: "octal and with, which no module may have", script: `var mask = 0377; with ({}) {}\n${PLAIN}` },
];

export const FRAME = { bytes: Uint8Array.from([0xff, 0x9c, 61, 250]), fPort: 1, recvTimeMs: Date.UTC(2026, 5, 1) };
export const FRAME_HEX = "ff9c3dfa";
export const DATA = { temperature: { value: -10, unit: "°C" }, moisture: "30.50", battery: 2.5 };

const row = (path: string, quantity: CodecMapping["quantity"]): CodecMapping => ({ path, quantity, scale: 1, offset: 0, depthCm: null });
export const MAPPING: readonly CodecMapping[] = [
  { ...row("temperature.value", "soil.temperature"), depthCm: 10 },
  { ...row("moisture", "soil.moisture"), depthCm: 10 },
  row("battery", "device.batteryVoltage"),
];

/** Bodies of a decoder that does not come back by itself, or not within 32 MB. */
export const RUNAWAYS: readonly { readonly name: string; readonly body: string; readonly by: "time" | "memory" }[] = [
  { name: "endless loop", body: "while (true) {}", by: "time" },
  { name: "endless loop that catches everything", body: "for (;;) { try { for (;;) {} } catch (e) {} }", by: "time" },
  { name: "endless loop in a getter of the result", body: "return { data: { get a() { for (;;) {} } } }", by: "time" },
  { name: "endless loop in what it throws", body: "throw { get message() { for (;;) {} } }", by: "time" },
  { name: "catastrophic regular expression", body: "/(a+)+$/.test('a'.repeat(40) + 'b')", by: "time" },
  { name: "one call into the engine that takes hours", body: "new Array(4e9).indexOf(5)", by: "time" },
  { name: "1 GB at once", body: "return { data: { n: new Uint8Array(1 << 30).length } }", by: "memory" },
  { name: "a string of 1 GB", body: "return { data: { n: 'x'.repeat(1 << 29).length + 'y'.repeat(1 << 29).length } }", by: "memory" },
  { name: "ever more arrays", body: "const a = []; for (;;) a.push(new Uint8Array(1 << 20))", by: "memory" },
];
export const runaway = (body: string): string => `function decodeUplink(input) { if (input.fPort === 9) { ${body}; } return { data: { ok: 1 } }; }`;
