import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { openJournalLookup } from "../../ingest/journal-lookup.ts";
import { type UplinkQuestion, uplinkAnswers } from "../../store/uplink-reader.ts";

/** Looks for uplinks in readings.db and the journal, beside the event loop of the web. */
if (parentPort) {
  const port = parentPort;
  const { folder } = workerData as { readonly folder: string };
  const answers = uplinkAnswers({ readingsPath: join(folder, "readings.db"), openRaw: () => openJournalLookup(folder) });
  port.on("message", (question: UplinkQuestion & { readonly id: number }) => port.postMessage(answers(question)));
}
