import type { UnknownDevicesJson, UplinkDetailJson, UplinkPageJson, UplinkSummaryJson } from "../core/domain/uplink-json.ts";
import { QueryThread, type ThreadAnswer } from "./query-thread.ts";
import type { RawUplinks } from "./raw-uplink.ts";
import { type ReadingsFile, readingsFile } from "./readings-file.ts";
import { unknownDevices } from "./unknown-devices.ts";
import { type UplinkFilter, UplinkQueries } from "./uplink-queries.ts";

export type UplinkQuestion =
  | { readonly kind: "list"; readonly filter: UplinkFilter }
  | { readonly kind: "one"; readonly seq: number }
  | { readonly kind: "summary"; readonly fromMs: number }
  | { readonly kind: "unknown"; readonly page: { readonly beforeSeq: number | null; readonly max: number } };

/** Asks readings.db and the journal in a thread of its own, whose script the caller brings. Throws `STORE_UNAVAILABLE`. Close it when done. */
export class UplinkReader {
  readonly #thread: QueryThread<UplinkQuestion>;

  /** `script` answers with `uplinkAnswers`. */
  constructor(options: { readonly script: URL; readonly data: unknown }) {
    this.#thread = new QueryThread({ ...options, what: "record of uplinks" });
  }

  async list(filter: UplinkFilter): Promise<UplinkPageJson> {
    return (await this.#thread.ask({ kind: "list", filter })) as UplinkPageJson;
  }

  async one(seq: number): Promise<UplinkDetailJson | null> {
    return (await this.#thread.ask({ kind: "one", seq })) as UplinkDetailJson | null;
  }

  async summary(fromMs: number): Promise<UplinkSummaryJson> {
    return (await this.#thread.ask({ kind: "summary", fromMs })) as UplinkSummaryJson;
  }

  async unknownDevices(page: { readonly beforeSeq: number | null; readonly max: number }): Promise<UnknownDevicesJson> {
    return (await this.#thread.ask({ kind: "unknown", page })) as UnknownDevicesJson;
  }

  /** Idempotent. Questions still waiting are refused. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}

/** The other side, for the thread: answers one question after the other. Both files may be made only later. */
export function uplinkAnswers(options: {
  readonly readingsPath: string;
  readonly openRaw: () => RawUplinks | undefined;
}): (question: UplinkQuestion & { readonly id: number }) => ThreadAnswer {
  const readings: ReadingsFile = readingsFile(options.readingsPath);
  let raw: RawUplinks | undefined;
  return (question) => {
    try {
      raw ??= options.openRaw();
      return { id: question.id, answer: answer(readings, raw, question) };
    } catch (error) {
      return { id: question.id, error: (error as Error).message };
    }
  };
}

function answer(readings: ReadingsFile, raw: RawUplinks | undefined, question: UplinkQuestion): unknown {
  const queries = new UplinkQueries(readings.get(), raw);
  switch (question.kind) {
    case "list":
      return queries.list(question.filter);
    case "one":
      return queries.one(question.seq);
    case "summary":
      return queries.summary(question.fromMs);
    case "unknown":
      return unknownDevices(readings.get(), raw, question.page);
  }
}
