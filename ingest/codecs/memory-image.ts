/**
 * A WebAssembly memory as it was at one moment, and back to it. Between two calls into the module, everything that it knows lies
 * in its memory; so nothing of one run reaches the next, at the cost of copying the few hundred kB that are in use.
 */
export class MemoryImage {
  readonly #memory: WebAssembly.Memory;
  readonly #parts: readonly { readonly at: number; readonly bytes: Uint8Array }[];

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    const bytes = new Uint8Array(memory.buffer);
    const used = endOfUse(bytes);
    const gap = longestGap(bytes, used);
    this.#parts = [
      { at: 0, bytes: bytes.slice(0, gap.from) },
      { at: gap.to, bytes: bytes.slice(gap.to, used) },
    ];
  }

  /** Beyond the parts lie free memory, which is written before it is read, and the unused depth of the stack. */
  restore(): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    for (const part of this.#parts) bytes.set(part.bytes, part.at);
  }
}

const PAGE_BYTES = 4096;
/** Zeroes before the gap that are copied all the same: the module's variables end where its stack begins. */
const VARIABLES_BYTES = 262_144;

function endOfUse(bytes: Uint8Array): number {
  let page = Math.ceil(bytes.length / PAGE_BYTES);
  while (page > 0 && isZero(bytes, page - 1)) page -= 1;
  return page * PAGE_BYTES;
}

/** The stack is the one long run of untouched pages below the heap. */
function longestGap(bytes: Uint8Array, used: number): { from: number; to: number } {
  let longest = { from: used, to: used };
  for (let page = 0, start = 0; page * PAGE_BYTES <= used; page += 1) {
    const inUse = page * PAGE_BYTES === used || !isZero(bytes, page);
    if (!inUse) continue;
    if (page - start > (longest.to - longest.from) / PAGE_BYTES) longest = { from: start * PAGE_BYTES, to: page * PAGE_BYTES };
    start = page + 1;
  }
  return longest.to - longest.from > VARIABLES_BYTES ? { from: longest.from + VARIABLES_BYTES, to: longest.to } : { from: used, to: used };
}

const ZEROES = Buffer.alloc(PAGE_BYTES);

function isZero(bytes: Uint8Array, page: number): boolean {
  return Buffer.compare(ZEROES, bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)) === 0;
}
