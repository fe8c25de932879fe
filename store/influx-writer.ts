import { AzemichiError } from "../core/domain/errors.ts";
import type { Reading } from "../core/domain/reading.ts";
import type { InfluxClient } from "./influx-client.ts";
import type { WriteOutcome } from "./influx-outcome.ts";
import { encodePoint, type InfluxPoint } from "./line-protocol.ts";
import type { ReadingWriter } from "./telemetry.ts";

const LINES_PER_REQUEST = 5000;

/** Points of one site into InfluxDB. */
export class InfluxWriter implements ReadingWriter {
  readonly #client: InfluxClient;
  readonly #siteId: string;

  constructor(client: InfluxClient, siteId: string) {
    this.#client = client;
    this.#siteId = siteId;
  }

  /** One request. What InfluxDB answered is the value; only an abort throws. */
  send(points: readonly InfluxPoint[], signal?: AbortSignal): Promise<WriteOutcome> {
    return this.#client.writeLines(points.map((p) => encodePoint(p, this.#siteId)).join("\n"), signal);
  }

  ensureDatabase(signal?: AbortSignal): ReturnType<InfluxClient["ensureDatabase"]> {
    return this.#client.ensureDatabase(signal);
  }

  /** All or an error: `PEER_REFUSED` when InfluxDB said no, `STORE_UNAVAILABLE` when it may say yes later. */
  async write(readings: readonly Reading[]): Promise<void> {
    for (let i = 0; i < readings.length; i += LINES_PER_REQUEST) {
      const points = readings.slice(i, i + LINES_PER_REQUEST).map((r): InfluxPoint => ({ ...r, flag: r.quality.flag }));
      let outcome = await this.send(points);
      if (outcome.kind === "missing" && (await this.ensureDatabase()).kind === "ready") outcome = await this.send(points);
      if (outcome.kind !== "stored")
        throw new AzemichiError(outcome.kind === "later" ? "STORE_UNAVAILABLE" : "PEER_REFUSED", `InfluxDB did not store the readings: ${outcome.reason}`);
    }
  }
}
