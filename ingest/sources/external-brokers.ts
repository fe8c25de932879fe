import type { Catalog, CatalogView } from "../../core/domain/site.ts";
import type { BrokerSourceState } from "../../core/domain/source-state.ts";
import { tokenDigest } from "../../core/runtime/secrets.ts";
import { DEFAULT_PACE, ExternalBroker, type SourcePace, type SourceParts } from "./external-broker.ts";

export interface ExternalBrokersOptions extends SourceParts {
  readonly catalog: CatalogView;
  readonly key: Uint8Array; // of the data folder
  readonly pace?: SourcePace;
}

/** MQTT 3.1.1 §3.1.3.1: every broker must take up to 23 letters and digits. */
const CLIENT_ID_DIGITS = 21;

/**
 * The same after each start, so that the broker knows our session again; another for every data folder, so that two installations on one
 * broker do not throw each other out.
 */
export function clientIdOf(key: Uint8Array, siteId: string, networkId: string): string {
  return `az${tokenDigest(key, `external broker\n${siteId}\n${networkId}`).slice(0, CLIENT_ID_DIGITS)}`;
}

/** The brokers of all networks with a `url`, following the catalog: what was changed starts anew, the others are not touched. */
export class ExternalBrokers {
  readonly #options: ExternalBrokersOptions;
  readonly #running = new Map<string, { readonly wanted: string; readonly broker: ExternalBroker }>();
  readonly #ending = new Map<string, Promise<void>>(); // one client id must not connect twice
  #forgetCatalog = (): void => {};
  #closed = false;

  constructor(options: ExternalBrokersOptions) {
    this.#options = options;
  }

  start(): void {
    const { catalog } = this.#options;
    this.#follow(catalog.current());
    this.#forgetCatalog = catalog.onChange((next) => this.#follow(next));
  }

  states(): BrokerSourceState[] {
    return [...this.#running.values()].map(({ broker }) => broker.state);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#forgetCatalog();
    for (const id of [...this.#running.keys()]) this.#end(id);
    await Promise.all(this.#ending.values());
  }

  #follow({ site, networks }: Catalog): void {
    const { key, pace = DEFAULT_PACE } = this.#options;
    const wanted = new Map(
      networks.flatMap(({ id, kind, url }) => (url === null ? [] : [[id, { id, kind, url, clientId: clientIdOf(key, site.id, id) }] as const])),
    );
    for (const [id, { wanted: before }] of this.#running) if (JSON.stringify(wanted.get(id)) !== before) this.#end(id);
    for (const [id, network] of wanted) {
      if (this.#running.has(id)) continue;
      const broker = new ExternalBroker(network, this.#options, pace);
      this.#running.set(id, { wanted: JSON.stringify(network), broker });
      void Promise.resolve(this.#ending.get(id)).then(() => {
        if (!this.#closed && this.#running.get(id)?.broker === broker) broker.start();
      });
    }
  }

  #end(id: string): void {
    const broker = this.#running.get(id)?.broker;
    this.#running.delete(id);
    if (!broker) return;
    const ending = Promise.all([this.#ending.get(id), broker.close()]).then(() => {
      if (this.#ending.get(id) === ending) this.#ending.delete(id);
    });
    this.#ending.set(id, ending);
  }
}
