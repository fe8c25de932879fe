/** Worked example of message 1005 in the standard (RTCM 10403, annex of examples): station 2003. */
export const EXAMPLE_1005 = hex("D300133ED7D30202980EDEEF34B4BD62AC0941986F33360B98");

/** The filler frame of length 0. */
export const ZERO_LENGTH = hex("D3000047EA4B");

export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Cuts bytes into chunks of the given sizes, over and over. */
export function* chunked(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
