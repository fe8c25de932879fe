/** CRC-24Q (Qualcomm): polynomial 0x1864CFB, initial 0, not reflected, no final xor (RTCM 10403.3 §4.2). */
const POLYNOMIAL = 0x1864cfb;

// The remainder lives in the upper 24 bits of a 32-bit word, so that shifting drops what is done with.
const AFTER_1 = Int32Array.from({ length: 256 }, (_, byte) => {
  let word = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) word = word < 0 ? (word << 1) ^ (POLYNOMIAL << 8) : word << 1;
  return word;
});
const step = (word: number): number => (word << 8) ^ (AFTER_1[word >>> 24] as number);

// What a byte leaves behind after one, two and three more bytes: four bytes then cost one step ("slicing", Kounavis and Berry 2005).
const AFTER_2 = AFTER_1.map(step);
const AFTER_3 = AFTER_2.map(step);
const AFTER_4 = AFTER_3.map(step);

/**
 * CRC-24Q of `bytes[from..to)`. Over a whole frame with its own CRC it is 0.
 * @returns 0..0xffffff
 */
export function crc24q(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let word = 0;
  let i = from;
  for (const last = to - 3; i < last; i += 4) {
    word ^= ((bytes[i] as number) << 24) | ((bytes[i + 1] as number) << 16) | ((bytes[i + 2] as number) << 8) | (bytes[i + 3] as number);
    word =
      (AFTER_4[word >>> 24] as number) ^
      (AFTER_3[(word >>> 16) & 0xff] as number) ^
      (AFTER_2[(word >>> 8) & 0xff] as number) ^
      (AFTER_1[word & 0xff] as number);
  }
  for (; i < to; i += 1) word = (word << 8) ^ (AFTER_1[(word >>> 24) ^ (bytes[i] as number)] as number);
  return word >>> 8;
}
