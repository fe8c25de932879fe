/**
 * Weighted least squares by normal equations: few unknowns, many rows. Reuses its memory; one instance per caller.
 * Coordinates of the unknowns must be of like size (unit vectors and ones).
 */
export class NormalEquations {
  readonly #size: number;
  readonly #n: Float64Array; // size × size
  readonly #b: Float64Array;

  constructor(unknowns: number) {
    this.#size = unknowns;
    this.#n = new Float64Array(unknowns * unknowns);
    this.#b = new Float64Array(unknowns);
  }

  clear(): void {
    this.#n.fill(0);
    this.#b.fill(0);
  }

  add(row: Float64Array, value: number, weight: number): void {
    const size = this.#size;
    for (let i = 0; i < size; i += 1) {
      const wi = weight * (row[i] as number);
      if (wi === 0) continue;
      this.#b[i] = (this.#b[i] as number) + wi * value;
      for (let j = 0; j < size; j += 1) this.#n[i * size + j] = (this.#n[i * size + j] as number) + wi * (row[j] as number);
    }
  }

  /**
   * @returns the unknowns, and the diagonal of the inverse (their variance for rows of unit variance); null when the rows do not
   *   determine them. The equations are used up.
   */
  solve(): { readonly x: Float64Array; readonly variance: Float64Array } | null {
    const size = this.#size;
    const a = this.#n;
    const inverse = new Float64Array(size * size);
    for (let i = 0; i < size; i += 1) inverse[i * size + i] = 1;
    for (let column = 0; column < size; column += 1) {
      if (!this.#eliminate(a, inverse, column)) return null;
    }
    const x = new Float64Array(size);
    const variance = new Float64Array(size);
    for (let i = 0; i < size; i += 1) {
      let sum = 0;
      for (let j = 0; j < size; j += 1) sum += (inverse[i * size + j] as number) * (this.#b[j] as number);
      x[i] = sum;
      variance[i] = inverse[i * size + i] as number;
    }
    return { x, variance };
  }

  /** One step of Gauss and Jordan. Positive definite matrices need no pivoting. */
  #eliminate(a: Float64Array, inverse: Float64Array, column: number): boolean {
    const size = this.#size;
    const pivot = a[column * size + column] as number;
    if (!(pivot > SMALLEST_PIVOT)) return false;
    for (let j = 0; j < size; j += 1) {
      a[column * size + j] = (a[column * size + j] as number) / pivot;
      inverse[column * size + j] = (inverse[column * size + j] as number) / pivot;
    }
    for (let i = 0; i < size; i += 1) {
      const factor = a[i * size + column] as number;
      if (i === column || factor === 0) continue;
      for (let j = 0; j < size; j += 1) {
        a[i * size + j] = (a[i * size + j] as number) - factor * (a[column * size + j] as number);
        inverse[i * size + j] = (inverse[i * size + j] as number) - factor * (inverse[column * size + j] as number);
      }
    }
    return true;
  }
}

/** Rows have unit vectors and weights of 1 or more per square unit; below this the geometry says nothing. */
const SMALLEST_PIVOT = 1e-9;

/** The middle value; NaN of nothing. Does not change its argument. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}
