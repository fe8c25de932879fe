/** Repeatable chance: the same inputs give the same numbers on every machine and after every restart. */

/** 32 bits that look random, from integers (murmur3's final mixer between the words). */
export function hash32(...words: readonly number[]): number {
  let h = 0x9e3779b9;
  for (const word of words) {
    // Unix ms exceed 32 bits: both halves count.
    for (const half of [word | 0, Math.floor(word / 2 ** 32) | 0]) {
      h ^= half;
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      h ^= h >>> 16;
    }
  }
  return h >>> 0;
}

/** From 0 to less than 1. */
export function fraction(...words: readonly number[]): number {
  return hash32(...words) / 2 ** 32;
}

/** From −1 to 1, the mean of three draws: bell-shaped enough for a sensor. */
export function spread(...words: readonly number[]): number {
  return ((fraction(...words, 1) + fraction(...words, 2) + fraction(...words, 3)) * 2) / 3 - 1;
}

/** A smooth curve through random values from −1 to 1, one per `stepMs`. */
export function wander(seed: number, atMs: number, stepMs: number): number {
  const step = Math.floor(atMs / stepMs);
  const within = atMs / stepMs - step;
  const ease = (1 - Math.cos(Math.PI * within)) / 2;
  return spread(seed, step) * (1 - ease) + spread(seed, step + 1) * ease;
}

/** A number from a text (FNV-1a), to seed by name. */
export function seedOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
