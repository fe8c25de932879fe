import type { VendorCodec } from "../../core/domain/codec.ts";
import type { DecodedValue } from "../../core/domain/uplink.ts";
import type { CodecIdentity } from "../../core/wire/codec-identity.ts";
import { ValueMapper } from "./map-values.ts";
import { Sandbox } from "./sandbox.ts";
import type { SandboxOutcome, ScriptFrame } from "./sandbox-protocol.ts";
import { readScriptResult } from "./script-result.ts";

export type VendorDecode =
  | {
      readonly kind: "decoded";
      readonly values: readonly DecodedValue[];
      readonly warnings: readonly string[];
      readonly fields: Readonly<Record<string, unknown>>; // the script's own data
      readonly codec: CodecIdentity;
      readonly levelKind: "distance" | null;
    }
  | { readonly kind: "undecodable"; readonly reason: string }
  | { readonly kind: "not-live" }; // no such codec, or none of its versions has passed its gate

/** So many stops (time, memory) of one codec in a row, and it is left alone for a while: the others wait for it each time. */
const STOPS_MAX = 10;
const SUSPENDED_MS = 60_000;
const REASON_CHARS_MAX = 200;

interface Loaded {
  readonly codec: VendorCodec;
  readonly identity: CodecIdentity;
  readonly mapper: ValueMapper;
  stops: number; // in a row
  suspendedUntilMs: number;
}

/** The vendor codecs that are live. Each frame is decoded in a sandbox while the caller waits; there is no thread as long as there is no codec. */
export class VendorCodecs {
  readonly #sandbox: Pick<Sandbox, "run" | "keep" | "close">;
  readonly #nowMs: () => number;
  #byId = new Map<string, Loaded>();

  private constructor(sandbox: Pick<Sandbox, "run" | "keep" | "close">, nowMs: () => number) {
    this.#sandbox = sandbox;
    this.#nowMs = nowMs;
  }

  static async open(options: { readonly sandbox?: Pick<Sandbox, "run" | "keep" | "close">; readonly nowMs?: () => number } = {}): Promise<VendorCodecs> {
    return new VendorCodecs(options.sandbox ?? new Sandbox(), options.nowMs ?? Date.now);
  }

  /** The live versions; they replace what was there. A version that stays keeps its place in the sandbox. */
  load(codecs: readonly VendorCodec[]): void {
    const before = this.#byId;
    this.#byId = new Map(
      codecs.map((codec) => {
        const known = before.get(codec.id);
        return [codec.id, known?.codec.sha256 === codec.sha256 ? known : loadedOf(codec)];
      }),
    );
    this.#sandbox.keep(new Set(codecs.map((codec) => codec.sha256)));
  }

  /** Never throws. Waits for the script: usually well under a millisecond, a second at the very most. */
  decode(codecId: string, frame: ScriptFrame): VendorDecode {
    const loaded = this.#byId.get(codecId);
    if (loaded === undefined) return { kind: "not-live" };
    if (loaded.suspendedUntilMs > this.#nowMs()) {
      return { kind: "undecodable", reason: `codec ${codecId} is suspended for a minute: it was stopped ${STOPS_MAX} times in a row` };
    }
    const outcome = this.#sandbox.run(loaded.codec, frame);
    this.#count(loaded, outcome);
    const result = readScriptResult(outcome);
    if (result.errors.length > 0) return undecodable(codecId, result.errors.join("; "));
    const mapped = loaded.mapper.map(result);
    if (mapped.error !== null) return undecodable(codecId, mapped.error);
    return {
      kind: "decoded",
      values: mapped.values,
      warnings: [...result.warnings, ...mapped.warnings],
      fields: result.data as Record<string, unknown>,
      codec: loaded.identity,
      levelKind: loaded.mapper.levelKind,
    };
  }

  close(): void {
    this.#sandbox.close();
  }

  #count(loaded: Loaded, outcome: SandboxOutcome): void {
    if (outcome.kind !== "stopped") {
      loaded.stops = 0;
      return;
    }
    loaded.stops += 1;
    if (loaded.stops < STOPS_MAX) return;
    loaded.stops = 0;
    loaded.suspendedUntilMs = this.#nowMs() + SUSPENDED_MS;
  }
}

function loadedOf(codec: VendorCodec): Loaded {
  return { codec, identity: { id: codec.id, sha256: codec.sha256 }, mapper: new ValueMapper(codec.mapping), stops: 0, suspendedUntilMs: 0 };
}

function undecodable(codecId: string, reason: string): VendorDecode {
  return { kind: "undecodable", reason: `codec ${codecId}: ${reason}`.slice(0, REASON_CHARS_MAX) };
}
