import { workerData } from "node:worker_threads";
import { ANSWERS, PROGRESS, READY, type SandboxAnswer, type SandboxOutcome, type SandboxRequest, type SandboxWorkerData } from "./sandbox-protocol.ts";
import { ScriptSandbox } from "./script-sandbox.ts";

/** The thread of the sandboxes. Who asks sleeps until `signals` says that the answer is there, and ends this thread where none comes. */
const SANDBOXES_MAX = 32; // loaded at one time; of the others the script is kept, and loaded again when a frame comes

class SandboxThread {
  readonly #wasm: WebAssembly.Module;
  readonly #scripts = new Map<string, string>();
  readonly #loaded = new Map<string, ScriptSandbox>(); // least recently used first

  constructor(wasm: WebAssembly.Module) {
    this.#wasm = wasm;
  }

  /** `onFrame` is called when a frame begins, with its number from 1. */
  async answer(request: SandboxRequest, onFrame: (number: number) => void): Promise<readonly SandboxOutcome[]> {
    for (const sha256 of request.forget) {
      this.#scripts.delete(sha256);
      this.#loaded.delete(sha256);
    }
    const { sha256, script, frames } = request;
    if (script !== null) this.#scripts.set(sha256, script);
    const sandbox = await this.#sandbox(sha256);
    if (!(sandbox instanceof ScriptSandbox)) return [sandbox];
    const outcomes: SandboxOutcome[] = [];
    for (const frame of frames) {
      onFrame(outcomes.length + 1);
      outcomes.push(sandbox.run(frame));
      if (sandbox.isSpent) break;
    }
    if (sandbox.isSpent) this.#loaded.delete(sha256);
    return outcomes;
  }

  async #sandbox(sha256: string): Promise<ScriptSandbox | SandboxOutcome> {
    const known = this.#loaded.get(sha256);
    this.#loaded.delete(sha256);
    const sandbox = known ?? (await this.#load(sha256));
    if (!(sandbox instanceof ScriptSandbox)) return sandbox;
    this.#loaded.set(sha256, sandbox);
    const [oldest] = this.#loaded.keys();
    if (this.#loaded.size > SANDBOXES_MAX && oldest !== undefined) this.#loaded.delete(oldest);
    return sandbox;
  }

  #load(sha256: string): Promise<ScriptSandbox | SandboxOutcome> {
    const script = this.#scripts.get(sha256);
    if (script === undefined) return Promise.resolve({ kind: "unavailable", message: "the script has not been given" });
    return ScriptSandbox.load(this.#wasm, script);
  }
}

function serve(data: SandboxWorkerData): void {
  const { port } = data;
  Date.prototype.getTimezoneOffset = () => 0; // QuickJS asks the host for it: a script sees UTC wherever this runs
  const signals = new Int32Array(data.signals);
  const thread = new SandboxThread(data.wasm);
  const raise = (place: number): void => {
    Atomics.add(signals, place, 1);
    Atomics.notify(signals, place);
  };
  let work: Promise<void> = Promise.resolve();
  port.on("message", (request: SandboxRequest) => {
    work = work.then(async () => {
      let outcomes: readonly SandboxOutcome[];
      try {
        outcomes = await thread.answer(request, (number) => Atomics.store(signals, PROGRESS, number));
      } catch (error) {
        outcomes = [{ kind: "unavailable", message: (error as Error).message }];
      }
      port.postMessage({ id: request.id, outcomes } satisfies SandboxAnswer);
      raise(ANSWERS);
    });
  });
  raise(READY);
}

serve(workerData as SandboxWorkerData);
