/** CRC-24Q (Qualcomm): polynomial 0x1864CFB, initial 0, not reflected, no final xor (RTCM 10403.3 §4.2). */
const POLYNOMIAL = 0x1864cfb;

// The remainder lives in the upper 24 bits of a 32-bit word, so that shifting drops what is done with.
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let word = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) word = word < 0 ? (word << 1) ^ (POLYNOMIAL << 8) : word << 1;
  return word;
});

/**
 * CRC-24Q of `bytes[from..to)`. Over a whole frame with its own CRC it is 0.
 * @returns 0..0xffffff
 */
export function crc24q(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let word = 0;
  for (let i = from; i < to; i += 1) word = (word << 8) ^ (TABLE[(word >>> 24) ^ (bytes[i] as number)] as number);
  return word >>> 8;
}
