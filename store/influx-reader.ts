import { AzemichiError } from "../core/domain/errors.ts";
import { QUANTITIES, type Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag, Reading } from "../core/domain/reading.ts";
import type { InfluxClient, InfluxSeries } from "./influx-client.ts";
import { fromTag, toTag } from "./line-protocol.ts";
import { fillBuckets, planBuckets, pointBuckets } from "./series-buckets.ts";
import type { Bucket, LatestFilter, ReadingQuery, Series, SeriesQuery, TelemetryReader } from "./telemetry.ts";

const ALL = Object.keys(QUANTITIES) as Quantity[];
const PAGE_ROWS = 2000;
// The years that InfluxDB can hold (int64 ns), as instants that InfluxQL parses.
const TIME_MIN_MS = Date.UTC(1678, 0, 1);
const TIME_MAX_MS = Date.UTC(2262, 0, 1);

export interface InfluxReaderOptions {
  readonly siteId: string;
  readonly zoneOffsetMs?: number; // see SqliteReaderOptions
  readonly pageRows?: number;
}

/**
 * Reads by InfluxQL (the one language of 1.x, 2.x and 3.x): measurement and field names come from the table of quantities, every
 * value is bound. A point holds value, flag and place only (DESIGN.md §6), so of each reading `receivedAtMs` is its event time,
 * `timeSource` is "server", and reasons and codec are empty. Throws `STORE_UNAVAILABLE`.
 */
export class InfluxReader implements TelemetryReader {
  readonly #client: InfluxClient;
  readonly #siteId: string;
  readonly #zoneOffsetMs: number;
  readonly #pageRows: number;

  constructor(client: InfluxClient, options: InfluxReaderOptions) {
    this.#client = client;
    this.#siteId = options.siteId;
    this.#zoneOffsetMs = options.zoneOffsetMs ?? 0;
    this.#pageRows = options.pageRows ?? PAGE_ROWS;
  }

  async latest(filter: LatestFilter): Promise<Reading[]> {
    if (filter.deviceIds?.length === 0) return [];
    const { where, params } = this.#conditions(filter);
    // The flag is on every point, so its last one is the last point; a device that moved has one series per plot.
    const statements = ALL.map((quantity) => {
      const { measurement, field } = QUANTITIES[quantity];
      return `SELECT last("${field}_q") AS "flag", "${field}" AS "value" FROM "${measurement}" WHERE ${where} GROUP BY "device", "depth_cm", "plot"`;
    });
    const answers = await this.#query(statements.join(";"), params);
    const newest = new Map<string, Reading>();
    answers.forEach((series, i) => {
      for (const one of series) {
        const [timeMs, flag, value] = one.values[0] as [number, number | null, number | null];
        if (flag === null) continue;
        const reading = toReading(ALL[i] as Quantity, one.tags ?? {}, { timeMs, flag, value });
        const key = `${reading.deviceId} ${reading.quantity} ${reading.depthCm}`;
        const known = newest.get(key);
        if (!known || known.timeMs < reading.timeMs) newest.set(key, reading);
      }
    });
    return [...newest.values()];
  }

  async series(query: SeriesQuery): Promise<Series> {
    const { unit, measurement, field } = QUANTITIES[query.quantity];
    const max = Math.max(1, Math.floor(query.max));
    const { where, params } = this.#conditions({ ...query, deviceIds: [query.deviceId] });
    const depth = query.depthCm === undefined ? "" : ` AND "depth_cm" = $depth`; // '' matches where the tag is absent
    if (query.depthCm !== undefined) params["depth"] = query.depthCm === null ? "" : String(query.depthCm);
    const from = `FROM "${measurement}" WHERE ${where}${depth} AND "${field}_q" <> 4 AND "${field}_q" <> 9`;
    const [counted, first, last] = await this.#query(
      `SELECT count("${field}") ${from}; SELECT first("${field}") ${from}; SELECT last("${field}") ${from}`,
      params,
    );
    const n = Number(counted?.[0]?.values[0]?.[1] ?? 0);
    if (n === 0) return { unit, buckets: [] };
    const firstMs = Number(first?.[0]?.values[0]?.[0]);
    const lastMs = Number(last?.[0]?.values[0]?.[0]);
    if (n <= max) {
      const [points] = await this.#query(`SELECT "${field}" ${from} ORDER BY time`, params);
      const rows = (points?.[0]?.values ?? []) as [number, number][];
      const buckets = pointBuckets(rows.map(([timeMs, value]) => ({ timeMs, value })));
      if (buckets.length <= max) return { unit, buckets };
    }
    const plan = planBuckets({ n, firstMs, lastMs }, max, this.#zoneOffsetMs);
    const offsetMs = ((plan.firstMs % plan.widthMs) + plan.widthMs) % plan.widthMs;
    // GROUP BY time() without an upper bound would end now; readings may lie some minutes ahead.
    const bounds = { ...params, from: new Date(firstMs).toISOString(), to: new Date(lastMs + 1).toISOString() };
    const [grouped] = await this.#query(
      `SELECT count("${field}"), min("${field}"), mean("${field}"), max("${field}") ${from} GROUP BY time(${plan.widthMs}ms, ${offsetMs}ms) fill(none)`,
      bounds,
    );
    return { unit, buckets: fillBuckets(plan, (grouped?.[0]?.values ?? []) as unknown as Bucket[]) };
  }

  /** Each quantity is paged by time on its own; the pages are merged, so at most one page per quantity is in memory. */
  async *rows(query: ReadingQuery): AsyncGenerator<Reading, void, undefined> {
    if (query.deviceIds?.length === 0) return;
    const quantities = query.quantity === undefined ? ALL : [query.quantity];
    const streams = quantities.map((quantity) => this.#ofQuantity(quantity, query));
    const heads = await Promise.all(streams.map(async (stream) => ({ stream, head: await stream.next() })));
    for (;;) {
      let earliest: (typeof heads)[number] | undefined;
      for (const one of heads) {
        if (one.head.done) continue;
        if (!earliest || one.head.value.timeMs < (earliest.head.value as Reading).timeMs) earliest = one;
      }
      if (!earliest) return;
      yield earliest.head.value as Reading;
      earliest.head = await earliest.stream.next();
    }
  }

  async *#ofQuantity(quantity: Quantity, query: ReadingQuery): AsyncGenerator<Reading, void, undefined> {
    const { measurement, field } = QUANTITIES[quantity];
    const { where, params } = this.#conditions(query);
    let limit = this.#pageRows;
    for (;;) {
      const [found] = await this.#query(
        `SELECT "${field}", "${field}_q", "device"::tag, "depth_cm"::tag, "plot"::tag FROM "${measurement}" WHERE ${where} ORDER BY time ASC LIMIT ${limit}`,
        params,
      );
      const rows = (found?.[0]?.values ?? []) as [number, number | null, number | null, string, string | null, string | null][];
      const full = rows.length === limit;
      const lastMs = rows.at(-1)?.[0] ?? 0;
      // Several series share an instant: a full page is cut before its last one, which the next page begins with.
      const whole = full ? rows.filter((row) => row[0] < lastMs) : rows;
      for (const [timeMs, value, flag, device, depth, plot] of whole)
        if (flag !== null) yield toReading(quantity, { device, ...(depth ? { depth_cm: depth } : {}), ...(plot ? { plot } : {}) }, { timeMs, flag, value });
      if (!full) return;
      if (whole.length === 0)
        limit *= 2; // bounded by the number of series of one quantity
      else params["from"] = new Date(lastMs).toISOString();
    }
  }

  #conditions(query: { deviceIds?: readonly string[]; plotId?: string; fromMs?: number; toMs?: number }): {
    where: string;
    params: Record<string, string>;
  } {
    const params: Record<string, string> = {
      site: toTag(this.#siteId),
      from: instant(query.fromMs ?? TIME_MIN_MS),
      to: instant(query.toMs ?? TIME_MAX_MS),
    };
    let where = `"site" = $site AND time >= $from AND time < $to`;
    if (query.deviceIds !== undefined) {
      const names = query.deviceIds.map((id, i) => {
        params[`d${i}`] = toTag(id);
        return `"device" = $d${i}`;
      });
      where += ` AND (${names.join(" OR ")})`;
    }
    if (query.plotId !== undefined) {
      params["plot"] = toTag(query.plotId);
      where += ` AND "plot" = $plot`;
    }
    return { where, params };
  }

  async #query(influxql: string, params: Readonly<Record<string, string>>): Promise<InfluxSeries[][]> {
    try {
      return await this.#client.query(influxql, params);
    } catch (cause) {
      throw new AzemichiError("STORE_UNAVAILABLE", `InfluxDB: ${(cause as Error).message}`, { cause });
    }
  }
}

function instant(ms: number): string {
  return new Date(Math.ceil(Math.min(TIME_MAX_MS, Math.max(TIME_MIN_MS, ms)))).toISOString();
}

function toReading(
  quantity: Quantity,
  tags: Readonly<Record<string, string>>,
  point: { readonly timeMs: number; readonly flag: number; readonly value: number | null },
): Reading {
  const depth = tags["depth_cm"] ?? "";
  const plot = tags["plot"] ?? "";
  return {
    deviceId: fromTag(tags["device"] ?? ""),
    plotId: plot === "" ? null : fromTag(plot),
    quantity,
    depthCm: depth === "" ? null : Number(depth),
    value: point.flag === 9 ? null : point.value, // a value taken back keeps its old field beside the flag 9
    unit: QUANTITIES[quantity].unit,
    timeMs: point.timeMs,
    receivedAtMs: point.timeMs,
    timeSource: "server",
    quality: { flag: point.flag as QualityFlag, reasons: [] },
    codec: { id: "", sha256: "" },
  };
}
