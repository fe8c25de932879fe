import type { Load } from "./tools.ts";

/** One line of the table: a load, and what must come of it. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly args: readonly string[]; // of ntripload; what is not there is its default
  readonly rovers: number;
  readonly cpu: { readonly must: number; readonly goal: number } | null; // CPU per delivered epoch ÷ floor; null: without a floor
  readonly more: (rounds: readonly Round[]) => readonly Check[];
  readonly roundsMost?: number;
  readonly without?: readonly string[]; // run without a floor, with these arguments instead, to compare with
}

/** The same load on both, one after the other: only their ratio counts. */
export interface Round {
  readonly relay: Load;
  readonly other: Load | null; // the floor, or the relay under `without`
}

export interface Check {
  readonly text: string;
  readonly met: boolean;
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;

const check = (what: string, value: number, most: number, unit = ""): Check => ({
  text: `${what} ${round(value)}${unit} (≤ ${round(most)}${unit})`,
  met: value <= most,
});
const round = (value: number): number => (Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100);
const mbOf = (kb: number): number => kb / 1000;

const p99 =
  (marginMs: number) =>
  (rounds: readonly Round[]): Check => {
    const floorMs = median(rounds.map((r) => r.other?.latency_ms.p99 ?? 0));
    return check("p99", median(rounds.map((r) => r.relay.latency_ms.p99)), floorMs + marginMs, " ms");
  };
const lastRover = (rounds: readonly Round[]): Check =>
  check("last rover ÷ floor", median(rounds.map((r) => r.relay.last_rover_ms.p50 / (r.other?.last_rover_ms.p50 ?? 1))), 1.5);
const memory = (rounds: readonly Round[]): readonly Check[] => [
  check("growth", median(rounds.map((r) => mbOf(r.relay.caster.rss_kb_max - r.relay.caster.rss_kb_idle))), 80, " MB"),
  check("at rest", median(rounds.map((r) => mbOf(r.relay.caster.rss_kb_idle))), 110, " MB"),
];
const connecting = (rounds: readonly Round[]): readonly Check[] => [
  check("all connected", median(rounds.map((r) => r.relay.ramp_s)), 2, " s"),
  check("handshake p99", median(rounds.map((r) => r.relay.handshake_ms.p99)), 60, " ms"),
];
const town = (bytes: number): Row => ({
  name: `town-${bytes / 1000}k`,
  title: `1 Hz × ${bytes / 1000} kB × 10,000`,
  args: ["--bytes", String(bytes), "--rate", "1", "--duration", "4", "--ramp-timeout", "30", "--inflight", "64"],
  rovers: 10_000,
  cpu: { must: 1.6, goal: 1.25 },
  more: (rounds) => [lastRover(rounds), ...memory(rounds), ...connecting(rounds)],
});

export const ROWS: readonly Row[] = [
  {
    name: "sustained",
    title: "60 Hz × 1 kB × 1,000",
    args: ["--bytes", "1000", "--rate", "60", "--duration", "4"],
    rovers: 1000,
    cpu: { must: 1.6, goal: 1.35 },
    more: (rounds) => [p99(15)(rounds)],
  },
  {
    name: "sustained-v2",
    title: "the same, NTRIP 2.0 rovers",
    args: ["--bytes", "1000", "--rate", "60", "--duration", "4", "--rover", "v2"],
    rovers: 1000,
    cpu: { must: 1.6, goal: 1.35 },
    more: (rounds) => [p99(15)(rounds)],
  },
  town(1000),
  town(3000),
  {
    name: "pieces",
    title: "6 pieces 5 ms apart × 5,000",
    args: ["--rate", "1", "--chunks", "6", "--chunk-gap", "5", "--duration", "5", "--ramp-timeout", "30"],
    rovers: 5000,
    cpu: { must: 0.9, goal: 0.65 },
    more: () => [],
  },
  {
    name: "mounts",
    title: "50 mounts × 5,000 × 8 Hz",
    args: ["--mounts", "50", "--bytes", "1000", "--rate", "8", "--duration", "4", "--ramp-timeout", "30"],
    rovers: 5000,
    cpu: { must: 1.7, goal: 1.4 },
    more: () => [],
  },
  {
    name: "slow",
    title: "10 of 40 rovers never read",
    args: ["--slow", "10", "--rate", "100", "--bytes", "3000", "--duration", "12"], // with warm-up and drain: 15 s
    without: ["--rate", "100", "--bytes", "3000", "--duration", "12"],
    rovers: 40,
    cpu: null,
    roundsMost: 3,
    more: (rounds) => [
      check("p99 ÷ without", median(rounds.map((r) => r.relay.latency_ms.p99 / (r.other?.latency_ms.p99 ?? 1))), 2),
      check(
        "slow ones not cut after 15 s",
        sum(rounds, ({ slow }) => (slow?.count ?? 0) - (slow?.dropped ?? 0)),
        0,
      ),
      check(
        "broken frames in them",
        sum(rounds, ({ slow }) => (slow?.bad_crc ?? 0) + (slow?.garbage_bytes ?? 0) + (slow?.partial_epochs ?? 0)),
        0,
      ),
    ],
  },
  {
    name: "halfopen",
    title: "dead base, new source",
    args: ["--halfopen", "3", "--duration", "10"],
    rovers: 20,
    cpu: null,
    more: (rounds) => [
      check("takeover", Math.max(...rounds.map((r) => (r.relay.takeover?.accepted ? r.relay.takeover.ms / 1000 : Number.POSITIVE_INFINITY))), 2.5, " s"),
      check(
        "rovers cut",
        sum(rounds, (r) => r.disconnects),
        0,
      ),
    ],
  },
  {
    name: "hostile",
    title: "300 random bytes before each epoch; 50 garbage connections",
    args: ["--noise", "300", "--garbage", "50", "--rate", "5", "--duration", "12"],
    rovers: 50,
    cpu: null,
    roundsMost: 2,
    more: (rounds) => [
      check(
        "garbage connections open after 15 s",
        sum(rounds, ({ garbage }) => (garbage?.count ?? 0) - (garbage?.closed_by_caster ?? 0)),
        0,
      ),
    ],
  },
];

const sum = (rounds: readonly Round[], of: (load: Load) => number): number => rounds.reduce((total, { relay }) => total + of(relay), 0);

/** Loss, duplicates, bad CRC, partial epochs, garbage, of all rounds: none of it is allowed anywhere. */
export function integrity(rounds: readonly Round[]): Check {
  const bad = sum(rounds, (l) => l.lost + l.dup + l.out_of_order + l.bad_crc + l.garbage_bytes + l.partial_epochs + l.wrong_mount);
  const absent = sum(rounds, (l) => l.n - l.connected + (1 - l.caster.alive_at_end));
  return { text: `lost, twice or broken ${bad}${absent > 0 ? `, never connected ${absent}` : ""} (0)`, met: bad === 0 && absent === 0 };
}

export function cpuRatio(rounds: readonly Round[]): { readonly median: number; readonly least: number; readonly most: number } {
  const ratios = rounds.map((r) => r.relay.caster.cpu_us_per_epoch / (r.other?.caster.cpu_us_per_epoch ?? Number.NaN));
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}
