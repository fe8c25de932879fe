/** What stands in the place of a value: the empty, the extreme, and what is of another kind. */
const REPLACEMENTS: readonly string[] = [
  "null",
  "true",
  '""',
  "0",
  "-1",
  "0.5",
  "1e999",
  "-1e999",
  "1e308",
  "4294967295",
  "9007199254740993",
  "[]",
  "{}",
  "[[]]",
  '"NaN"',
  '"-Infinity"',
  '"1970-01-01T00:00:00Z"',
  '"2099-12-31T23:59:59.999999999+09:00"',
  '"\\u0000"',
  '"__proto__"',
  `"${"A".repeat(300)}"`,
  '"/+8="',
  '"42"',
];
/** A value of JSON: text, a number, a word. Brackets stay, so that most damage is to the meaning and not to the syntax. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/g;

/** Damages messages by a seeded generator (mulberry32): the same seed, the same damage. */
export class Damage {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** A copy with one to three things done to it: a bit, a byte, the end cut off, a piece doubled, a piece taken out. */
  bytes(original: Uint8Array): Uint8Array {
    let bytes: Uint8Array = original.slice();
    for (let n = this.below(3); n >= 0; n -= 1) bytes = this.#once(bytes);
    return bytes;
  }

  /** Where the values of a message stand, [from, to). */
  tokensOf(bytes: Uint8Array): readonly (readonly [number, number])[] {
    return [...Buffer.from(bytes).toString("latin1").matchAll(TOKEN)].map((m) => [m.index, m.index + m[0].length]);
  }

  /** A copy with one value replaced, by a word of the list or by another value of the message. */
  token(bytes: Uint8Array, tokens: readonly (readonly [number, number])[]): Uint8Array {
    if (tokens.length === 0) return this.bytes(bytes);
    const [from, to] = this.oneOf(tokens);
    const other = this.oneOf(tokens);
    const replacement = this.chance(4) ? bytes.subarray(other[0], other[1]) : Buffer.from(this.oneOf(REPLACEMENTS), "latin1");
    return new Uint8Array(Buffer.concat([bytes.subarray(0, from), replacement, bytes.subarray(to)]));
  }

  #once(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return new Uint8Array([this.below(256)]);
    const at = this.below(bytes.length);
    const length = 1 + this.below(Math.min(16, bytes.length - at));
    switch (this.below(5)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << this.below(8));
        return bytes;
      case 1:
        bytes[at] = this.below(256);
        return bytes;
      case 2:
        return bytes.subarray(0, at);
      case 3:
        return new Uint8Array(Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]));
      default:
        return new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]));
    }
  }
}
