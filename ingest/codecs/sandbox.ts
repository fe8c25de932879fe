import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { ANSWERS, LOAD_WALL_MS, PROGRESS, READY, RUN_WALL_MS, type SandboxAnswer, type SandboxOutcome, type ScriptFrame, SIGNALS } from "./sandbox-protocol.ts";

/** A script by what names its version. */
export interface Script {
  readonly sha256: string;
  readonly script: string;
}

const START_WALL_MS = 10_000; // of the thread, on a machine that has much else to do
const LOOK_MS = 50; // how often a thread that takes long is looked at
const STACK_MB = 16; // the engine recurses on the thread's own stack: its own limit must come first
const HEAP_MB = 128;
const SCRIPT_THREAD = new URL("./sandbox-worker.ts", import.meta.url);

/** How long to wait by the clock: for a script that runs, and once more for one that is still being loaded. */
export interface WallLimits {
  readonly runMs: number;
  readonly loadMs: number;
}
export const WALLS: WallLimits = { runMs: RUN_WALL_MS, loadMs: LOAD_WALL_MS };

/** `stop`: the thread did not come back from that frame; what the frames before it gave is lost with it. */
export interface BatchOutcome {
  readonly outcomes: readonly SandboxOutcome[];
  readonly stop: { readonly index: number; readonly outcome: SandboxOutcome } | null;
}

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

  /** Never throws; blocks this thread until the answer is there. */
  run(script: Script, frame: ScriptFrame): SandboxOutcome {
    const { outcomes, stop } = this.runAll(script, [frame], WALLS);
    return stop?.outcome ?? outcomes[0] ?? { kind: "unavailable", message: "the sandbox gave no answer" };
  }

  /** One after the other, up to the first stop. Never throws; blocks this thread. Several at once cost one change of threads. */
  runAll(script: Script, frames: readonly ScriptFrame[], walls: WallLimits): BatchOutcome {
    try {
      const thread = this.#started();
      if (thread) return this.#ask(thread.port, { script, frames, walls });
      return { outcomes: [{ kind: "unavailable", message: `the sandbox did not start within ${START_WALL_MS} ms` }], stop: null };
    } catch (error) {
      this.#end();
      return { outcomes: [{ kind: "unavailable", message: (error as Error).message }], stop: null };
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

  #ask(port: MessagePort, question: { script: Script; frames: readonly ScriptFrame[]; walls: WallLimits }): BatchOutcome {
    const { sha256, script } = question.script;
    const { frames, walls } = question;
    this.#lastId += 1;
    const id = this.#lastId;
    const answers = Atomics.load(this.#signals, ANSWERS);
    Atomics.store(this.#signals, PROGRESS, 0);
    const plain = frames.map(({ bytes, fPort, recvTimeMs }) => ({ bytes: Uint8Array.from(bytes), fPort, recvTimeMs })); // a Buffer would bring the whole of its pool
    port.postMessage({ id, sha256, script: this.#given.has(sha256) ? null : script, forget: this.#forget, frames: plain });
    this.#given.add(sha256);
    this.#forget = [];
    if (this.#answered(answers, walls)) {
      const answer = receiveMessageOnPort(port)?.message as SandboxAnswer | undefined;
      if (answer?.id === id) return { outcomes: answer.outcomes, stop: null };
    }
    const at = Math.max(1, Atomics.load(this.#signals, PROGRESS));
    this.#end();
    const message = `stopped: it did not come back within ${Math.round(walls.runMs)} ms`;
    return { outcomes: [], stop: { index: at - 1, outcome: { kind: "stopped", by: "time", message } } };
  }

  /** Waits as long as each frame, and before them the loading of the script, gets on in its time. */
  #answered(answers: number, { runMs, loadMs }: WallLimits): boolean {
    let progress = 0;
    let sinceMs = performance.now();
    for (;;) {
      // the notice of the answer before may arrive only now: the count is what is true
      Atomics.wait(this.#signals, ANSWERS, answers, LOOK_MS);
      if (Atomics.load(this.#signals, ANSWERS) !== answers) return true;
      const nowMs = performance.now();
      const now = Atomics.load(this.#signals, PROGRESS);
      if (now === progress && nowMs - sinceMs >= (progress === 0 ? loadMs + runMs : runMs)) return false;
      if (now !== progress) sinceMs = nowMs;
      progress = now;
    }
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
