import type { Aedes } from "aedes";

/** What we use of aedes' persistence; its own types leave it out. */
interface Persistence {
  outgoingEnqueueCombi(subs: { clientId: string }[], packet: unknown): Promise<void>;
  outgoingClearMessageId(client: { id: string }, packet: { messageId?: number }): Promise<unknown>;
  outgoingStream(client: { id: string }): AsyncIterable<{ messageId?: number }>;
  cleanSubscriptions(client: { id: string }): Promise<void>;
}

export interface SessionLimits {
  readonly sessionsPerAccountMax: number; // clean=0 sessions kept; beyond, the oldest that is not connected goes
  readonly queuedPerSessionMax: number; // QoS 1/2 messages waiting for an absent subscriber; beyond, new ones are left out
  readonly retainedPerAccountMax: number; // topics; beyond, the retain flag is ignored
}

/** Puts a bound on what aedes keeps in memory for absent clients and for retained messages: by itself it keeps everything. */
export class SessionKeeper {
  readonly #aedes: Aedes;
  readonly #limits: SessionLimits;
  readonly #count: (name: string) => void;
  readonly #owners = new Map<string, string>(); // client id of a clean=0 session -> account, oldest first
  readonly #queued = new Map<string, number>();
  readonly #retained = new Map<string, Set<string>>();

  constructor(aedes: Aedes, limits: SessionLimits, count: (name: string) => void) {
    this.#aedes = aedes;
    this.#limits = limits;
    this.#count = count;
    this.#boundQueues();
  }

  /** A session belongs to the credential that made it: another one may neither take it nor wipe it. */
  mayUse(clientId: string, account: string): boolean {
    const owner = this.#owners.get(clientId);
    return owner === undefined || owner === account;
  }

  connected(clientId: string, account: string, session: "clean" | "kept"): void {
    this.#owners.delete(clientId);
    if (session === "clean") return;
    this.#owners.set(clientId, account);
    const own = [...this.#owners].filter(([, owner]) => owner === account).map(([id]) => id);
    if (own.length <= this.#limits.sessionsPerAccountMax) return;
    const clients = (this.#aedes as unknown as { clients: Record<string, unknown> }).clients;
    const absent = own.find((id) => id !== clientId && clients[id] === undefined);
    if (absent !== undefined) this.#forget(absent);
  }

  /** Whether this account may keep a message on this topic. An empty payload removes one. */
  mayRetain(account: string, topic: string, payloadBytes: number): boolean {
    const topics = this.#retained.get(account) ?? new Set<string>();
    this.#retained.set(account, topics);
    if (payloadBytes === 0) {
      topics.delete(topic);
      return true;
    }
    if (!topics.has(topic) && topics.size >= this.#limits.retainedPerAccountMax) {
      this.#count("azemichi_mqtt_retain_ignored_total");
      return false;
    }
    topics.add(topic);
    return true;
  }

  get #persistence(): Persistence {
    return (this.#aedes as unknown as { persistence: Persistence }).persistence;
  }

  #forget(clientId: string): void {
    this.#owners.delete(clientId);
    this.#count("azemichi_mqtt_sessions_forgotten_total");
    const gone = { id: clientId };
    const persistence = this.#persistence;
    const empty = async (): Promise<void> => {
      await persistence.cleanSubscriptions(gone);
      for await (const packet of persistence.outgoingStream(gone)) await persistence.outgoingClearMessageId(gone, packet);
      this.#queued.delete(clientId);
    };
    empty().catch(() => this.#count("azemichi_mqtt_broker_errors_total"));
  }

  #boundQueues(): void {
    const persistence = this.#persistence;
    const enqueue = persistence.outgoingEnqueueCombi.bind(persistence);
    const clear = persistence.outgoingClearMessageId.bind(persistence);
    persistence.outgoingEnqueueCombi = (subs, packet) => {
      const taken = subs.filter(({ clientId }) => {
        const waiting = this.#queued.get(clientId) ?? 0;
        if (waiting >= this.#limits.queuedPerSessionMax) {
          this.#count("azemichi_mqtt_queue_full_total");
          return false;
        }
        this.#queued.set(clientId, waiting + 1);
        return true;
      });
      return enqueue(taken, packet);
    };
    persistence.outgoingClearMessageId = async (client, packet) => {
      const cleared = await clear(client, packet);
      const waiting = this.#queued.get(client.id) ?? 0;
      if (cleared === undefined || waiting === 0) return cleared;
      if (waiting === 1) this.#queued.delete(client.id);
      else this.#queued.set(client.id, waiting - 1);
      return cleared;
    };
  }
}
