import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import {
  ANSWERS,
  ASKED,
  LOAD_WALL_MS,
  PHASE,
  READY,
  RUN_WALL_MS,
  RUNNING,
  type SandboxAnswer,
  type SandboxOutcome,
  type ScriptFrame,
  SIGNALS,
} from "./sandbox-protocol.ts";

/** A script by what names its version. */
export interface Script {
  readonly sha256: string;
  readonly script: string;
}

const START_WALL_MS = 10_000; // of the thread, on a machine that has much else to do
const STACK_MB = 16; // the engine recurses on the thread's own stack: its own limit must come first
const HEAP_MB = 128;
const SCRIPT_THREAD = new URL("./sandbox-worker.ts", import.meta.url);

/** How long to wait by the clock: for a script that runs, and once more for one that is still being loaded. */
export interface WallLimits {
  readonly runMs: number;
  readonly loadMs: number;
}
const WALLS: WallLimits = { runMs: RUN_WALL_MS, loadMs: LOAD_WALL_MS };

/**
 * Runs vendor scripts in a thread of their own while the caller's waits: for at most a moment, whatever the script does. Where the
 * engine does not come back (one call of its library can take hours), the thread is ended, and a fresh one takes the next frame.
 */
export class Sandbox {
  readonly #signals = new Int32Array(new SharedArrayBuffer(SIGNALS * Int32Array.BYTES_PER_ELEMENT));
  #thread: { readonly worker: Worker; readonly port: MessagePort } | undefined;
  readonly #given = new Set<string>();
  #forget: string[] = [];
  #lastId = 0;

  /** Starts the thread, so that the first frame need not wait for it; false where none could be had. */
  start(): boolean {
    try {
      return this.#started() !== undefined;
    } catch {
      return false; // `run` tries again, and says why
    }
  }

  /** Never throws; blocks this thread until the answer is there, by the clock for at most both of `walls`. */
  run(script: Script, frame: ScriptFrame, walls: WallLimits = WALLS): SandboxOutcome {
    try {
      const thread = this.#started();
      if (thread === undefined) return { kind: "unavailable", message: `the sandbox did not start within ${START_WALL_MS} ms` };
      return this.#ask(thread.port, { script, frame, walls });
    } catch (error) {
      this.#end();
      return { kind: "unavailable", message: (error as Error).message };
    }
  }

  /** Only these versions are used from now on. */
  keep(scripts: ReadonlySet<string>): void {
    for (const sha256 of this.#given) {
      if (scripts.has(sha256)) continue;
      this.#given.delete(sha256);
      this.#forget.push(sha256);
    }
  }

  /** Idempotent; a later `run` starts a thread again. */
  close(): void {
    this.#end();
  }

  #ask(port: MessagePort, question: { script: Script; frame: ScriptFrame; walls: WallLimits }): SandboxOutcome {
    const { sha256, script } = question.script;
    const { bytes, fPort, recvTimeMs } = question.frame;
    const { runMs, loadMs } = question.walls;
    this.#lastId += 1;
    const id = this.#lastId;
    const answers = Atomics.load(this.#signals, ANSWERS);
    Atomics.store(this.#signals, PHASE, ASKED);
    port.postMessage({ id, sha256, script: this.#given.has(sha256) ? null : script, forget: this.#forget, frame: { bytes, fPort, recvTimeMs } });
    this.#given.add(sha256);
    this.#forget = [];
    let waited = Atomics.wait(this.#signals, ANSWERS, answers, runMs);
    // the script is not to blame yet: it is being loaded, or its thread has not had a turn
    if (waited === "timed-out" && Atomics.load(this.#signals, PHASE) !== RUNNING) waited = Atomics.wait(this.#signals, ANSWERS, answers, loadMs);
    const answer = waited === "timed-out" ? undefined : (receiveMessageOnPort(port)?.message as SandboxAnswer | undefined);
    if (answer?.id === id) return answer.outcome;
    this.#end();
    return { kind: "stopped", by: "time", message: `stopped: it did not come back within ${Math.round(runMs)} ms` };
  }

  #started(): { readonly port: MessagePort } | undefined {
    if (this.#thread) return this.#thread;
    Atomics.store(this.#signals, READY, 0);
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(SCRIPT_THREAD, {
      workerData: { wasm: wasmModule(), port: port2, signals: this.#signals.buffer },
      transferList: [port2],
      resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: HEAP_MB },
    });
    worker.on("error", () => this.#ended(worker));
    worker.on("exit", () => this.#ended(worker));
    worker.unref();
    this.#thread = { worker, port: port1 };
    if (Atomics.wait(this.#signals, READY, 0, START_WALL_MS) !== "timed-out") return this.#thread;
    this.#end();
    return undefined;
  }

  #ended(worker: Worker): void {
    if (this.#thread?.worker === worker) this.#end();
  }

  #end(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#given.clear();
    this.#forget = [];
    thread?.port.close();
    void thread?.worker.terminate();
  }
}

let compiled: WebAssembly.Module | undefined;

/** Compiled once for all threads. */
function wasmModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(fileURLToPath(import.meta.resolve("@jitl/quickjs-wasmfile-release-sync/wasm"))));
  return compiled;
}
