import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { type JournalReader, openJournal } from "../../ingest/journal-reader.ts";
import { readLedger } from "../../store/ledger-reader.ts";
import type { ThreadAnswer } from "../../store/query-thread.ts";
import { readingsFile } from "../../store/readings-file.ts";

export interface LedgerWorkerData {
  readonly dataFolder: string;
}

/** The ledger is read from disk beside the event loop: what is pending is counted in the journal, and that may be days of uplinks. */
if (parentPort) {
  const port = parentPort;
  const { dataFolder } = workerData as LedgerWorkerData;
  const readings = readingsFile(join(dataFolder, "readings.db"));
  let journal: JournalReader | undefined; // made by field, maybe after we start
  port.on("message", ({ id }: { readonly id: number }) => {
    try {
      journal ??= openJournal(dataFolder);
      const answer = readLedger(readings.get(), journal ?? { pendingAfter: () => new Map() });
      port.postMessage({ id, answer } satisfies ThreadAnswer);
    } catch (error) {
      port.postMessage({ id, error: (error as Error).message } satisfies ThreadAnswer);
    }
  });
}
