import type { CodecGate, VendorCodec } from "../../core/domain/codec.ts";
import { type GateFrame, gateFrames } from "./gate-frames.ts";
import { ValueMapper } from "./map-values.ts";
import type { Sandbox } from "./sandbox.ts";
import { LOAD_WALL_MS, RUN_WALL_MS, type SandboxOutcome } from "./sandbox-protocol.ts";
import { readScriptResult, type ScriptResult } from "./script-result.ts";
import { mismatch } from "./vector-match.ts";

export type CodecVersion = Omit<VendorCodec, "gate">;

/** What the gate says, and which mapped paths no vector reached: most likely they are misspelt. */
export interface GateReport {
  readonly gate: CodecGate;
  readonly unreached: readonly string[];
}

const BUDGET_MS = 3900; // a gate takes 4 s at most
const FAILURES_SHOWN = 20;
const RECV_TIME_MS = Date.UTC(2026, 0, 1);

/**
 * Runs a codec on frames that the field may bring one day. It may refuse any of them; it may not fall, give numbers that are none, or
 * see something in an empty frame. The first stop (time, memory) ends it. Blocks its thread; `sandbox` should have been started.
 */
export function runGate(codec: CodecVersion, sandbox: Pick<Sandbox, "run">, nowMs: () => number): GateReport {
  return new Gate(codec, sandbox, nowMs).run();
}

class Gate {
  readonly #codec: CodecVersion;
  readonly #sandbox: Pick<Sandbox, "run">;
  readonly #nowMs: () => number;
  readonly #mapper: ValueMapper;
  readonly #startMs: number;
  readonly #failures: CodecGate["failures"][number][] = [];
  readonly #reached = new Set<string>();
  #failed = 0;
  #errors = 0;
  #ran = 0;

  constructor(codec: CodecVersion, sandbox: Pick<Sandbox, "run">, nowMs: () => number) {
    this.#codec = codec;
    this.#sandbox = sandbox;
    this.#nowMs = nowMs;
    this.#mapper = new ValueMapper(codec.mapping);
    this.#startMs = nowMs();
  }

  run(): GateReport {
    const frames = gateFrames(this.#codec.vectors, this.#codec.sha256);
    let ended: string | null = null; // why the rest did not run
    for (const frame of frames) {
      const leftMs = BUDGET_MS - (this.#nowMs() - this.#startMs);
      if (leftMs <= 0) ended = `${this.#ran} of ${frames.length} frames ran within 4 s`;
      else ended = this.#step(frame, leftMs);
      if (ended !== null) break;
    }
    const why = ended ?? this.#whyNot() ?? `all ${this.#ran} frames ran; ${this.#codec.vectors.length} vectors give what they should`;
    const live = ended === null && this.#whyNot() === null;
    return {
      gate: {
        live,
        why,
        at: new Date(this.#startMs).toISOString(),
        frames: { planned: frames.length, ran: this.#ran, errors: this.#errors },
        failures: this.#failures,
      },
      unreached: this.#codec.mapping.filter((map) => !this.#reached.has(map.path)).map((map) => map.path),
    };
  }

  #whyNot(): string | null {
    const [first] = this.#failures;
    if (first !== undefined) return `${this.#failed} of ${this.#ran} frames failed; the first: ${first.what}: ${first.why}`;
    if (this.#codec.vectors.length === 0) return "there are no vectors: give at least one frame of which the vendor says what it holds";
    return null;
  }

  /** Returns why no further frame is to run. */
  #step(frame: GateFrame, leftMs: number): string | null {
    const outcome = this.#sandbox.run(
      this.#codec,
      { bytes: frame.bytes, fPort: frame.fPort, recvTimeMs: RECV_TIME_MS },
      {
        runMs: Math.min(RUN_WALL_MS, leftMs),
        loadMs: Math.min(LOAD_WALL_MS, Math.max(0, leftMs - RUN_WALL_MS)),
      },
    );
    if (outcome.kind === "unloadable") return `the script cannot be loaded: ${outcome.message}`;
    if (outcome.kind === "unavailable") return `it could not be tried: ${outcome.message}`;
    this.#ran += 1;
    if (outcome.kind === "stopped") {
      this.#fail(frame, outcome.message);
      return `${frame.what}: ${outcome.message}`;
    }
    this.#judge(frame, outcome);
    return null;
  }

  #judge(frame: GateFrame, outcome: SandboxOutcome): void {
    const result = readScriptResult(outcome);
    if (result.errors.length > 0) this.#errors += 1;
    const why = this.#faultOf(frame, result);
    if (why !== null) this.#fail(frame, why);
  }

  #faultOf(frame: GateFrame, result: ScriptResult): string | null {
    const [none] = result.nonFinite;
    if (none !== undefined) return `${[none.root, ...none.path].join(".")} is ${none.number}`;
    if (frame.vector !== null) {
      const found = mismatch(frame.vector.expected, result);
      if (found !== null) return found;
    }
    if (result.errors.length > 0) return null;
    const mapped = this.#mapper.map(result);
    if (mapped.error !== null) return mapped.error;
    if (frame.vector !== null) for (const path of this.#mapper.reachedBy(result)) this.#reached.add(path);
    const [reading] = mapped.values;
    return frame.bytes.length === 0 && reading !== undefined ? `gives ${reading.quantity} = ${reading.value} out of nothing` : null;
  }

  #fail(frame: GateFrame, why: string): void {
    this.#failed += 1;
    if (this.#failures.length < FAILURES_SHOWN)
      this.#failures.push({ what: frame.what, bytesHex: Buffer.from(frame.bytes).toString("hex"), fPort: frame.fPort, why });
  }
}
