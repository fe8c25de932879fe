import type { CodecGate, VendorCodec } from "../../core/domain/codec.ts";
import { type GateFrame, gateFrames } from "./gate-frames.ts";
import { ValueMapper } from "./map-values.ts";
import { type Sandbox, WALLS } from "./sandbox.ts";
import type { SandboxOutcome } from "./sandbox-protocol.ts";
import { readScriptResult, type ScriptResult } from "./script-result.ts";
import { mismatch } from "./vector-match.ts";

export type CodecVersion = Omit<VendorCodec, "gate">;

/** What the gate says, and which mapped paths no vector reached: most likely they are misspelt. */
export interface GateReport {
  readonly gate: CodecGate;
  readonly unreached: readonly string[];
}

const BUDGET_MS = 3900; // a gate takes 4 s at most
const BATCH = 32; // frames that go to the sandbox at once; between two batches the clock is looked at
const FRAME_MS_MAX = 130; // the slowest that is no stop: 100 ms of CPU, and putting the memory back; no batch may outlast what is left
const FAILURES_SHOWN = 20;
const RECV_TIME_MS = Date.UTC(2026, 0, 1);

/**
 * Runs a codec on frames that the field may bring one day. It may refuse any of them; it may not fall, give numbers that are none, or
 * see something in an empty frame. The first stop (time, memory) ends it. Blocks its thread; `sandbox` should have been started.
 */
export function runGate(codec: CodecVersion, sandbox: Pick<Sandbox, "runAll">, nowMs: () => number): GateReport {
  return new Gate(codec, sandbox, nowMs).run();
}

class Gate {
  readonly #codec: CodecVersion;
  readonly #sandbox: Pick<Sandbox, "runAll">;
  readonly #nowMs: () => number;
  readonly #mapper: ValueMapper;
  readonly #startMs: number;
  readonly #failures: CodecGate["failures"][number][] = [];
  readonly #reached = new Set<string>();
  #failed = 0;
  #errors = 0;
  #ran = 0;

  constructor(codec: CodecVersion, sandbox: Pick<Sandbox, "runAll">, nowMs: () => number) {
    this.#codec = codec;
    this.#sandbox = sandbox;
    this.#nowMs = nowMs;
    this.#mapper = new ValueMapper(codec.mapping);
    this.#startMs = nowMs();
  }

  run(): GateReport {
    const frames = gateFrames(this.#codec.vectors, this.#codec.sha256);
    let ended: string | null = null; // why the rest did not run
    for (let at = 0; at < frames.length && ended === null; ) {
      const leftMs = BUDGET_MS - (this.#nowMs() - this.#startMs);
      const size = Math.min(BATCH, Math.max(1, Math.floor(leftMs / FRAME_MS_MAX)));
      ended = leftMs < 1 ? this.#tooLate(frames.length) : this.#step(frames.slice(at, at + size), leftMs, frames.length);
      at += size;
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

  #tooLate(planned: number): string {
    return `only ${this.#ran} of ${planned} frames ran within 4 s`;
  }

  /** Returns why no further frame is to run. */
  #step(frames: readonly GateFrame[], leftMs: number, planned: number): string | null {
    const runMs = Math.min(WALLS.runMs, leftMs);
    const { outcomes, stop } = this.#sandbox.runAll(
      this.#codec,
      frames.map(({ bytes, fPort }) => ({ bytes, fPort, recvTimeMs: RECV_TIME_MS })),
      { runMs, loadMs: Math.min(WALLS.loadMs, leftMs - runMs) },
    );
    if (stop !== null && runMs < WALLS.runMs) return this.#tooLate(planned);
    for (const [i, outcome] of outcomes.entries()) {
      const ended = this.#take(frames[i] as GateFrame, outcome);
      if (ended !== null) return ended;
    }
    this.#ran += stop?.index ?? 0;
    return stop === null ? null : this.#take(frames[stop.index] as GateFrame, stop.outcome);
  }

  #take(frame: GateFrame, outcome: SandboxOutcome): string | null {
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
