import { isPoolBase } from "../core/domain/pool-base.ts";
import type { Base, Catalog } from "../core/domain/site.ts";
import { BaseStream, type BaseStreamOptions } from "./base-stream.ts";
import { BaseUpstream } from "./base-upstream.ts";
import type { FeedForm } from "./feed-forms.ts";
import type { MountDirectory } from "./mount-point.ts";
import { NetworkMount, type NetworkSeats } from "./network-mount.ts";
import type { RelayState } from "./relay-state.ts";
import type { LivingMount } from "./served.ts";
import { parseUpstreamUrl } from "./sources/upstream-url.ts";
import type { TableEntry } from "./sourcetable.ts";
import { StreamMount } from "./stream-mount.ts";
import { formShown } from "./table-form.ts";
import { VirtualBases } from "./virtual-bases.ts";
import { VirtualMount } from "./virtual-mount.ts";

export interface MountsOptions extends Omit<BaseStreamOptions, "base"> {
  readonly state: RelayState | null;
  readonly random: () => number;
}

/** The forms in which a mount is offered, by suffix. */
const FORMS: readonly { readonly suffix: string; readonly form: FeedForm }[] = [
  { suffix: "", form: "as-sent" },
  { suffix: "_M4", form: "msm4" },
  { suffix: "_L", form: "legacy" },
];

interface Station {
  readonly stream: BaseStream;
  readonly upstream: BaseUpstream | null;
  readonly networkMounts: readonly NetworkMount[];
  readonly names: readonly string[];
  readonly shape: string; // what its mounts depend on: another one, and they are made anew
}

/** Every name that leads somewhere, from the catalog as it is now. */
export class Mounts implements MountDirectory {
  readonly #o: MountsOptions;
  readonly #mounts = new Map<string, LivingMount>();
  readonly #stations = new Map<string, Station>(); // by base id
  readonly #virtual = new Map<string, VirtualMount>();
  readonly #bases: VirtualBases;
  readonly #streamOptions: Omit<BaseStreamOptions, "base">;
  #catalog: Catalog;
  #sooner: NodeJS.Timeout | undefined;

  constructor(options: MountsOptions, catalog: Catalog) {
    const { state, nowMs, truth } = options;
    this.#o = options;
    this.#catalog = catalog;
    this.#bases = new VirtualBases({ streams: () => this.streams(), state, event: truth.event, nowMs }, catalog);
    this.#streamOptions = { ...options, stopped: () => this.#chooseAnew(nowMs()) };
    this.apply(catalog);
  }

  /** What NEAR and FIELD choose from. */
  get bases(): VirtualBases {
    return this.#bases;
  }

  find(name: string): LivingMount | undefined {
    return this.#mounts.get(name);
  }

  all(): Iterable<LivingMount> {
    return this.#mounts.values();
  }

  *streams(): Generator<BaseStream, void, undefined> {
    for (const { stream } of this.#stations.values()) yield stream;
  }

  apply(catalog: Catalog): void {
    this.#catalog = catalog;
    const wanted = new Map(catalog.bases.map((base) => [base.id, base]));
    const before = new Map<string, BaseStream>();
    for (const [id, station] of this.#stations) {
      const base = wanted.get(id);
      if (base !== undefined && shapeOf(base) === station.shape) station.stream.change(base);
      else {
        before.set(id, station.stream);
        this.#remove(id, station);
      }
    }
    for (const base of catalog.bases) if (!this.#stations.has(base.id)) this.#add(base, before.get(base.id)?.lastDataAtMs ?? null);
    this.#bases.change(catalog);
    this.#applyVirtual(catalog);
    this.#chooseAnew(this.#o.nowMs());
  }

  #remove(id: string, { stream, upstream, names }: Station): void {
    for (const name of names) {
      this.#mounts.get(name)?.close("mount removed");
      this.#mounts.delete(name);
    }
    upstream?.close();
    stream.close("mount removed");
    this.#stations.delete(id);
  }

  #add(base: Base, lastDataAtMs: number | null): void {
    const { nowMs } = this.#o;
    const stream = new BaseStream({ ...this.#streamOptions, base, lastDataAtMs });
    const mounts = base.kind === "network" && base.pull !== null ? this.#networkMounts(base, stream) : this.#streamMounts(base, stream);
    for (const mount of mounts) this.#mounts.set(mount.name, mount);
    const mayBeChosen = (): boolean => isPoolBase(stream.base) && [...this.#virtual.values()].some(({ isUsed }) => isUsed);
    const upstream = base.kind === "physical" && (base.pull ?? base.listen) !== null ? new BaseUpstream({ ...this.#o, stream, mayBeChosen, nowMs }) : null;
    if (upstream !== null) stream.truth.reachedBy(() => upstream.note);
    this.#stations.set(base.id, {
      stream,
      upstream,
      networkMounts: mounts.filter((mount) => mount instanceof NetworkMount),
      names: mounts.map(({ name }) => name),
      shape: shapeOf(base),
    });
  }

  #streamMounts(base: Base, stream: BaseStream): LivingMount[] {
    const { nowMs } = this.#o;
    const offset = base.arpOffset;
    const own = FORMS.map(
      ({ suffix, form }) =>
        new StreamMount({ name: `${base.mount}${suffix}`, variantOf: suffix === "" ? null : base.mount, stream, form, arpOffset: null, nowMs }),
    );
    if (offset === null) return own;
    const arpOffset = { xM: offset.x, yM: offset.y, zM: offset.z };
    return [
      ...own,
      ...FORMS.map(
        ({ suffix, form }) =>
          new StreamMount({ name: `${offset.mount}${suffix}`, variantOf: suffix === "" ? null : offset.mount, stream, form, arpOffset, nowMs }),
      ),
    ];
  }

  #networkMounts(base: Base, stream: BaseStream): LivingMount[] {
    const url = parseUpstreamUrl(base.pull ?? "");
    if (url === null) return [];
    const seats: NetworkSeats = { taken: 0, refusal: null };
    stream.truth.reachedBy(() => seats.refusal);
    const { random, log, metrics } = this.#o;
    const current = (): Base => this.#catalog.bases.find(({ id }) => id === base.id) ?? base;
    return FORMS.map(
      ({ suffix, form }) =>
        new NetworkMount({
          name: `${base.mount}${suffix}`,
          variantOf: suffix === "" ? null : base.mount,
          form,
          base: current,
          url,
          seats,
          streamOptions: this.#streamOptions,
          random,
          log,
          metrics,
        }),
    );
  }

  /** NEAR and FIELD exist where there is a base that they could ever choose. */
  #applyVirtual(catalog: Catalog): void {
    if (!catalog.bases.some(isPoolBase)) {
      for (const [name, mount] of this.#virtual) {
        mount.close("no base for it any more");
        this.#mounts.delete(name);
      }
      this.#virtual.clear();
      return;
    }
    for (const kind of ["NEAR", "FIELD"] as const) {
      for (const { suffix, form } of FORMS) {
        const name = `${kind}${suffix}`;
        if (this.#virtual.has(name)) continue;
        const mount = new VirtualMount({
          name,
          variantOf: suffix === "" ? null : kind,
          kind,
          form: form === "as-sent" ? "one-set" : form,
          services: {
            ...this.#bases.services,
            stream: (baseId) => this.#stations.get(baseId)?.stream ?? null,
            tableEntry: (of, nowMs) => this.#virtualEntry(of, nowMs),
          },
          nowMs: this.#o.nowMs,
        });
        this.#virtual.set(name, mount);
        this.#mounts.set(name, mount);
      }
    }
  }

  /** The line of NEAR and FIELD: what the bases that they choose from send, all together. */
  #virtualEntry({ name, form }: { readonly name: string; readonly form: FeedForm }, nowMs: number): TableEntry {
    const { site } = this.#catalog;
    const entries = [...this.streams()]
      .filter((stream) => this.#bases.views.byId.get(stream.base.id)?.inPool)
      .map((stream) => stream.truth.tableEntry({ mount: name, form, nowMs }));
    const first = entries.toSorted((a, b) => b.form.bytesPerS - a.form.bytesPerS)[0];
    return {
      mount: name,
      name: `${name.split("_")[0]} ${site.name.en}`,
      id: name,
      form: first?.form ?? formShown({ types: [], constellations: [], carriers: 0, bytesPerS: 0 }, form),
      position: this.#bases.centre ?? first?.position ?? null,
      nmea: true,
      solution: "network",
      generator: "Azemichi",
      sim: false,
    };
  }

  /** A base has stopped or a time is over: rovers on virtual mounts are moved now, not with the next tick. */
  #chooseAnew(nowMs: number): void {
    clearTimeout(this.#sooner);
    const dueAtMs = this.#bases.look(nowMs);
    if (dueAtMs !== null && this.#virtual.size > 0) this.#sooner = setTimeout(() => this.#chooseAnew(this.#o.nowMs()), Math.max(1, dueAtMs - nowMs)).unref();
    for (const mount of this.#virtual.values()) mount.follow(nowMs);
  }

  /** What health says of a base: of a network, what its newest session shows. */
  shown(stream: BaseStream): BaseStream {
    for (const mount of this.#stations.get(stream.base.id)?.networkMounts ?? []) if (mount.newest !== null) return mount.newest;
    return stream;
  }

  /** Once a second. */
  tick(nowMs: number): void {
    for (const { stream, upstream } of this.#stations.values()) {
      stream.tick(nowMs);
      upstream?.tick(nowMs);
    }
    this.#chooseAnew(nowMs);
    for (const mount of this.#mounts.values()) mount.tick(nowMs);
  }

  /** Ends every session; what was here can still be asked about. */
  close(reason: string): void {
    clearTimeout(this.#sooner);
    for (const mount of this.#mounts.values()) mount.close(reason);
    for (const { stream, upstream } of this.#stations.values()) {
      upstream?.close();
      stream.close(reason);
    }
  }
}

/** A base whose name or way in has changed is another one; anything else of it may change under a running stream. */
const shapeOf = ({ mount, kind, pull, pullMode, pullSessions, listen, arpOffset }: Base): string =>
  JSON.stringify([mount, kind, pull, pullMode, pullSessions, listen, arpOffset]);
