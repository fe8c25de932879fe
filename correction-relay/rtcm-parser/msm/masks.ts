import type { BitReader } from "../bit-reader.ts";
import type { BitWriter } from "../bit-writer.ts";

/** Ids of the set bits of a mask; the first bit is id 1. Read in words of 32 bits. */
export function readMask(reader: BitReader, bits: 32 | 64): number[] {
  const ids: number[] = [];
  for (let first = 1; first <= bits; first += 32) {
    for (let word = reader.unsigned(32); word !== 0; ) {
      const lead = Math.clz32(word);
      ids.push(first + lead);
      word &= ~(0x8000_0000 >>> lead);
    }
  }
  return ids;
}

/** @throws RtcmError OUT_OF_RANGE for ids outside 1..bits or out of order */
export function writeMask(writer: BitWriter, ids: readonly number[], bits: 32 | 64): void {
  let done = 0;
  for (let first = 1; first <= bits; first += 32) {
    let word = 0;
    for (; done < ids.length && (ids[done] as number) < first + 32; done += 1) {
      const id = ids[done] as number;
      if (!Number.isInteger(id) || id < first || (done > 0 && id <= (ids[done - 1] as number))) writer.outOfRange(`mask id ${id}`);
      word |= 0x8000_0000 >>> (id - first);
    }
    writer.unsigned(word >>> 0, 32);
  }
  if (done < ids.length) writer.outOfRange(`mask id ${ids[done]}`);
}
