import type { EntryAdmin } from "../api/entry-admin.ts";
import type { CatalogView } from "../core/domain/site.ts";
import type { CatalogStore } from "../store/catalog.ts";
import { editEntry, makeKey, revokeKey, shownEntry } from "../store/catalog-edits.ts";
import type { CatalogWriting } from "../store/catalog-rows.ts";
import { giveZero, zeroLog } from "../store/zero-log.ts";

/** Edits of the catalog for the API; whoever made one sees it in `catalog` at once. */
export function entryAdminOf(store: CatalogStore, catalog: CatalogView): EntryAdmin {
  const write = async <T>(work: (writing: CatalogWriting) => Promise<T>): Promise<T> => {
    const result = await store.exclusive(work);
    catalog.refresh?.();
    return result;
  };
  return {
    shown: (kind, id) => store.read((db) => shownEntry(db, kind, id)),
    edit: (change) => write((writing) => editEntry(writing, change)),
    makeKey: (owner) => write((writing) => makeKey(writing, owner)),
    revokeKey: (owner) => write((writing) => revokeKey(writing, owner)),
    giveZero: (zero) => write((writing) => giveZero(writing, zero)),
    zeroLog: (deviceId) => store.read((db) => zeroLog(db, deviceId)),
  };
}
