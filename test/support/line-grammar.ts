/** A line of line protocol taken apart by the reference's grammar, independently of our encoder. */
export interface ParsedLine {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, number>>;
  readonly timeMs: number;
}

/**
 * InfluxDB line protocol reference, "Special characters": a backslash takes the next character out of the grammar; outside of
 * that, `,` ends a tag, `=` ends its key, a space ends a section, a line break ends the point. Floats only.
 */
export function parseLine(line: string): ParsedLine {
  let at = 0;
  const until = (ends: string): string => {
    let text = "";
    while (at < line.length && !ends.includes(line.charAt(at))) {
      const c = line.charAt(at);
      if (c === "\n") throw new Error("a line break inside a point");
      const next = line.charAt(at + 1);
      if (c === "\\" && next !== "" && ", =".includes(next)) {
        text += next;
        at += 2;
      } else {
        text += c;
        at += 1;
      }
    }
    return text;
  };
  const pairs = (): [string, string][] => {
    const out: [string, string][] = [];
    do {
      const key = until("=");
      at += 1;
      const value = until(", ");
      if (key === "" || value === "") throw new Error(`an empty key or value at ${at}`);
      out.push([key, value]);
    } while (line.charAt(at++) === ",");
    return out;
  };
  const measurement = until(", ");
  at += 1;
  const tags = Object.fromEntries(pairs());
  const fields = Object.fromEntries(pairs().map(([key, value]) => [key, floatOf(value)]));
  const time = line.slice(at);
  if (!/^-?\d+$/.test(time)) throw new Error(`not a time: ${time}`);
  return { measurement, tags, fields, timeMs: Number(time) };
}

function floatOf(text: string): number {
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) throw new Error(`not a float: ${text}`);
  return Number(text);
}
