import type { DatabaseSync } from "node:sqlite";
import type { TrackPoint } from "../core/domain/history.ts";
import type { BaseHealth, RelayEvent, RoverState } from "../core/domain/live.ts";
import type { Place } from "../core/domain/plot-geometry.ts";
import { TOPIC_ROOT } from "../core/domain/topics.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { CorrectionsWriter, type HistoryBatch, type MinuteKey } from "./corrections-writer.ts";
import { MinuteTally } from "./minute-tally.ts";
import { checkedEvent, checkedHealth, checkedMinute, checkedRover } from "./relay-messages.ts";

export interface CorrectionHistoryOptions {
  readonly db: DatabaseSync; // corrections.db
  readonly plotAt: (place: Place) => string | null;
  readonly nowMs: () => number;
  readonly metrics: Metrics;
  readonly limits?: Partial<typeof LIMITS>;
}

/** What waits to be written; of what comes beyond, the oldest is forgotten and counted. */
const LIMITS = { points: 20_000, events: 5000, counted: 5000, things: 20_000 };
const MINUTE_MS = 60_000;
const STALE_MS = 5 * 60_000; // a broker hands out retained messages of long ago
const AHEAD_MS = 60_000;

interface LastHealth {
  readonly at: string;
  readonly connectedSince: string | null;
  readonly crcFailures: number;
}

/** What the relay tells on the bus becomes history: minutes of bases, tracks of rovers, events. */
export class CorrectionHistory {
  readonly #o: CorrectionHistoryOptions;
  readonly #limits: typeof LIMITS;
  readonly #writer: CorrectionsWriter;
  readonly #tallies = new Map<string, MinuteKey & { readonly tally: MinuteTally; told: "new" | "written" }>();
  readonly #lastHealth = new Map<string, LastHealth>();
  readonly #lastPointAt = new Map<string, string>();
  #counted: { baseId: string; minute: number; json: string }[] = [];
  #points: { roverId: string; point: TrackPoint }[] = [];
  #events: RelayEvent[] = [];

  constructor(options: CorrectionHistoryOptions) {
    this.#o = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#writer = new CorrectionsWriter(options.db);
  }

  /** One message of `bases/+/health|minutes|events`, `rovers/+` or `rovers/+/events`. What is not understood is counted. */
  hear(topic: string, payload: Uint8Array): void {
    if (payload.length === 0) return; // a retained message was cleared
    try {
      const [kind, id = "", what = "state"] = topic.slice(TOPIC_ROOT.length + 1).split("/");
      const message: unknown = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("utf8"));
      if (what === "events") this.#event(checkedEvent(message));
      else if (kind === "bases" && what === "health") this.#health(id, checkedHealth(message));
      else if (kind === "bases" && what === "minutes") this.#minute(id, checkedMinute(message));
      else if (kind === "rovers" && what === "state") this.#rover(id, checkedRover(message));
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      this.#o.metrics.count("azemichi_history_malformed_total");
    }
  }

  /** Writes what has come since. Throws when the store cannot be written; then it is tried again with the next. */
  flush(): void {
    const fresh = [...this.#tallies.values()].filter(({ told }) => told === "new");
    const batch: HistoryBatch = {
      minutes: fresh.map(({ baseId, minute, tally }) => ({ baseId, minute, row: tally.row })),
      counted: this.#counted,
      points: this.#points,
      events: this.#events,
    };
    if (batch.minutes.length + batch.counted.length + batch.points.length + batch.events.length === 0) return;
    this.#writer.write(batch);
    this.#o.metrics.count("azemichi_history_points_total", {}, batch.points.length);
    this.#o.metrics.count("azemichi_history_events_total", {}, batch.events.length);
    for (const entry of fresh) entry.told = "written";
    this.#counted = [];
    this.#points = [];
    this.#events = [];
    const thisMinute = Math.floor(this.#o.nowMs() / MINUTE_MS);
    for (const [key, { minute, told }] of this.#tallies) if (minute < thisMinute - 1 && told === "written") this.#tallies.delete(key);
  }

  #health(baseId: string, health: BaseHealth): void {
    const atMs = this.#timely(health.at);
    const last = this.#lastHealth.get(baseId);
    if (atMs === null || (last !== undefined && health.at <= last.at)) return;
    const minute = Math.floor(atMs / MINUTE_MS);
    const key = `${baseId}|${minute}`;
    let entry = this.#tallies.get(key);
    if (entry === undefined) {
      if (this.#tallies.size >= this.#limits.things) {
        this.#forgotten("minutes");
        return;
      }
      entry = { baseId, minute, tally: new MinuteTally(this.#writer.minute({ baseId, minute })), told: "new" };
      this.#tallies.set(key, entry);
    }
    // the counter is of one connection of the base
    const sameSession = last !== undefined && last.connectedSince === health.connectedSince && health.crcFailures >= last.crcFailures;
    entry.tally.add(health, sameSession ? health.crcFailures - last.crcFailures : 0);
    entry.told = "new";
    this.#remember(this.#lastHealth, baseId, { at: health.at, connectedSince: health.connectedSince, crcFailures: health.crcFailures });
  }

  #minute(baseId: string, counted: { at: string }): void {
    this.#counted.push({ baseId, minute: Math.floor(Date.parse(counted.at) / MINUTE_MS), json: JSON.stringify(counted) });
    if (this.#counted.length > this.#limits.counted) this.#drop(this.#counted, "minutes");
  }

  #rover(roverId: string, state: RoverState): void {
    const { position, service } = state;
    if (state.state !== "connected" || position === null || this.#timely(position.at) === null) return;
    if (this.#lastPointAt.get(roverId) === position.at) return; // the same GGA, told again
    this.#remember(this.#lastPointAt, roverId, position.at);
    const point: TrackPoint = {
      at: position.at,
      latDeg: position.latDeg,
      lonDeg: position.lonDeg,
      heightM: position.heightM,
      fix: state.fix,
      satellites: state.satellites,
      hdop: state.hdop,
      correctionAgeS: state.ggaAgeS,
      baselineKm: state.baselineKm,
      baseId: state.baseId,
      mount: state.mount,
      plotId: service?.plotId ?? this.#o.plotAt(position),
      relayLatencyMs: service?.relayLatencyMs ?? null,
      sendLatencyMs: service?.sendLatencyMs ?? null,
      datum: service?.datum ?? null,
      sim: state.sim,
    };
    this.#points.push({ roverId, point });
    if (this.#points.length > this.#limits.points) this.#drop(this.#points, "points");
  }

  #event(event: RelayEvent): void {
    this.#events.push(event);
    if (this.#events.length > this.#limits.events) this.#drop(this.#events, "events");
  }

  /** Unix ms of what was said just now; null for what is of long ago, or of a future. */
  #timely(at: string): number | null {
    const atMs = Date.parse(at);
    if (!Number.isFinite(atMs)) throw new TypeError("no time");
    const agoMs = this.#o.nowMs() - atMs;
    return agoMs <= STALE_MS && agoMs >= -AHEAD_MS ? atMs : null;
  }

  #remember<T>(map: Map<string, T>, id: string, value: T): void {
    map.delete(id);
    map.set(id, value);
    const oldest = map.keys().next().value;
    if (map.size > this.#limits.things && oldest !== undefined) map.delete(oldest);
  }

  #drop(list: unknown[], what: string): void {
    list.splice(0, Math.ceil(list.length / 10));
    this.#forgotten(what);
  }

  #forgotten(what: string): void {
    this.#o.metrics.count("azemichi_history_forgotten_total", { what });
  }
}
