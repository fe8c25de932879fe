import { join } from "node:path";
import type { CodecAdmin } from "../../api/codec-admin.ts";
import type { VendorCodec } from "../../core/domain/codec.ts";
import { CodecBench } from "../../ingest/codecs/codec-bench.ts";
import { codecVersion } from "../../ingest/codecs/codec-version.ts";
import { parsePath } from "../../ingest/codecs/mapping-path.ts";
import type { CatalogStore } from "../../store/catalog.ts";
import { deleteCodec, findCodec, listCodecs, putCodec } from "../../store/codecs.ts";
import { readingsFile } from "../../store/readings-file.ts";
import { addRedecode, cancelRedecode, listRedecodes, redecodeProgress } from "../../store/redecode-orders.ts";
import type { RoleContext } from "../role.ts";

/** Vendor codecs behind the API: kept in the catalog, tried in a thread of their own; how far orders are stands in readings.db. */
export function openCodecAdmin({ dataFolder, resources }: Pick<RoleContext, "dataFolder" | "resources">, store: CatalogStore): CodecAdmin {
  const bench = resources.use("codec bench", new CodecBench(), (b) => b.close());
  const readings = resources.use("redecode progress", readingsFile(join(dataFolder, "readings.db")), (f) => f.close());
  return {
    isPath: (text) => parsePath(text) !== null,
    list: () => store.read(listCodecs),
    find: (id) => store.read((db) => findCodec(db, id)),
    put: async (codec, { username, nowMs }) => {
      const version = codecVersion(codec);
      const report = await bench.gate(version);
      if (report === null) return { kind: "busy" };
      const { gate, unreached } = report;
      const put: VendorCodec = { ...version, gate };
      const stored = await store.exclusive(({ db }) => putCodec(db, { codec: put, atMs: nowMs(), username }));
      return stored === null ? { kind: "full" } : { kind: "stored", codec: stored, gate, unreached };
    },
    remove: (id) => store.exclusive(({ db }) => deleteCodec(db, id)),
    try: ({ newest }, frame) => bench.try(newest, frame),
    // one row each, which no other work on the catalog reads: they need not wait for their turn
    orderRedecode: (order) => store.read((db) => addRedecode(db, order)),
    cancelRedecode: (id, atMs) => store.read((db) => cancelRedecode(db, id, atMs)),
    redecodes: (codecId, max) => store.read((db) => listRedecodes(db, { what: { kind: "codec", codecId }, max })),
    progress: (order) => redecodeProgress(readings.get(), order),
  };
}
