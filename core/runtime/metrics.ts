/**
 * Counters and gauges of one role. Names follow Prometheus (`azemichi_relay_frames_total`), labels are a flat record.
 * The number of label sets per name is bounded: what comes beyond is counted under `label="overflow"`.
 */
export type MetricSample = readonly [name: string, labels: Readonly<Record<string, string>>, value: number];

const LABEL_SETS_MAX = 500;

export class Metrics {
  readonly #values = new Map<string, { name: string; labels: Record<string, string>; value: number }>();
  readonly #setsPerName = new Map<string, number>();

  /** Adds to a counter. */
  count(name: string, labels: Record<string, string> = {}, by = 1): void {
    this.#entry(name, labels).value += by;
  }

  /** Sets a gauge. */
  gauge(name: string, value: number, labels: Record<string, string> = {}): void {
    this.#entry(name, labels).value = value;
  }

  get(name: string, labels: Record<string, string> = {}): number {
    return this.#values.get(keyOf(name, labels))?.value ?? 0;
  }

  samples(): MetricSample[] {
    return [...this.#values.values()].map((e) => [e.name, e.labels, e.value] as const);
  }

  #entry(name: string, labels: Record<string, string>): { value: number } {
    const key = keyOf(name, labels);
    const found = this.#values.get(key);
    if (found) return found;
    const sets = this.#setsPerName.get(name) ?? 0;
    if (sets >= LABEL_SETS_MAX && labels["label"] !== "overflow") return this.#entry(name, { label: "overflow" });
    this.#setsPerName.set(name, sets + 1);
    const entry = { name, labels: { ...labels }, value: 0 };
    this.#values.set(key, entry);
    return entry;
  }
}

function keyOf(name: string, labels: Record<string, string>): string {
  const [first, second] = Object.keys(labels);
  if (first === undefined) return name;
  if (second === undefined) return `${name}|${first}=${labels[first]}`; // most, several times per frame
  return `${name}|${Object.keys(labels)
    .sort()
    .map((k) => `${k}=${labels[k]}`)
    .join("|")}`;
}

/** Prometheus text format 0.0.4; `role` is added to every sample. */
export function renderPrometheus(byRole: ReadonlyMap<string, readonly MetricSample[]>): string {
  const lines: string[] = [];
  for (const [role, samples] of byRole) {
    for (const [name, labels, value] of samples) {
      const text = Object.entries({ role, ...labels })
        .map(([k, v]) => `${k}="${v.replace(/[\\"\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`))}"`)
        .join(",");
      lines.push(`${name}{${text}} ${value}`);
    }
  }
  return `${lines.sort().join("\n")}\n`;
}
