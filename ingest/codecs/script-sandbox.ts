import quickJsVariant from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { BUFFER_SOURCE, RUNNER_SOURCE, TAKE, withCollector } from "./guest.ts";
import { MemoryImage } from "./memory-image.ts";
import { LOAD_CPU_MS, MEMORY_BYTES, RUN_CPU_MS, type SandboxOutcome, type ScriptFrame, type StopCause } from "./sandbox-protocol.ts";

/** Its types are those of its CommonJS form, where the default export is one level deeper. */
const VARIANT = quickJsVariant as unknown as QuickJSSyncVariant;
const STACK_BYTES = 256 * 1024;
const WASM_PAGE_BYTES = 65_536;
/** The engine's own tables and stack beside the script's 32 MB; nothing can make the memory larger than this. */
const MEMORY_PAGES_MAX = (MEMORY_BYTES + 16 * 1024 * 1024) / WASM_PAGE_BYTES;
const MEMORY_PAGES_FIRST = 256; // what the module asks for
const RESULT_CHARS_MAX = 262_144;
const MESSAGE_CHARS_MAX = 300;

/**
 * One vendor script in a QuickJS of its own, in WebAssembly: no network, no files, no clock. Whatever a frame made of it, the next
 * frame finds it as it was when it had just been loaded. Not to be used again after a stop (`isSpent`).
 */
export class ScriptSandbox {
  readonly #context: QuickJSContext;
  readonly #memory: WebAssembly.Memory;
  readonly #limit: CpuLimit;
  readonly #run: QuickJSHandle;
  readonly #image: MemoryImage;
  #spent = false;

  private constructor(parts: { context: QuickJSContext; memory: WebAssembly.Memory; limit: CpuLimit; run: QuickJSHandle }) {
    this.#context = parts.context;
    this.#memory = parts.memory;
    this.#limit = parts.limit;
    this.#run = parts.run;
    this.#image = new MemoryImage(parts.memory);
  }

  /** Evaluates the script as a plain one, or, where that is no JavaScript, as an ES module. */
  static async load(wasm: WebAssembly.Module, script: string): Promise<ScriptSandbox | SandboxOutcome> {
    const plain = await ScriptSandbox.#load(wasm, script, "global");
    if (plain instanceof ScriptSandbox || plain.kind !== "unloadable" || !plain.message.startsWith("SyntaxError")) return plain;
    const asModule = await ScriptSandbox.#load(wasm, script, "module");
    // what is wrong with it is said in the words of the form that was meant
    return asModule instanceof ScriptSandbox || /\b(?:import|export|await)\b/.test(script) ? asModule : plain;
  }

  static async #load(wasm: WebAssembly.Module, script: string, type: "global" | "module"): Promise<ScriptSandbox | SandboxOutcome> {
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES_FIRST, maximum: MEMORY_PAGES_MAX });
    const engine: QuickJSWASMModule = await newQuickJSWASMModuleFromVariant(newVariant(VARIANT, { wasmModule: wasm, wasmMemory: memory }));
    const limit = new CpuLimit();
    limit.start(LOAD_CPU_MS);
    const runtime = engine.newRuntime({ memoryLimitBytes: MEMORY_BYTES, maxStackSizeBytes: STACK_BYTES, interruptHandler: () => limit.isOver() });
    const context = runtime.newContext();
    context.unwrapResult(context.evalCode(BUFFER_SOURCE, "buffer.js")).dispose();
    const runner = context.unwrapResult(context.evalCode(RUNNER_SOURCE, "runner.js"));
    context.defineProp(context.global, TAKE, { value: context.getProp(runner, "take"), configurable: true, enumerable: false });
    try {
      const evaluated = context.evalCode(withCollector(script), "codec.js", { type });
      if (evaluated.error) return unloadable(problemOf(context, evaluated.error, memory));
      if (type === "module") runtime.executePendingJobs();
      const exported = type === "module" ? settled(context, evaluated.value) : { value: context.undefined };
      if (exported.error) return unloadable(problemOf(context, exported.error, memory));
      context.unwrapResult(context.evalCode(`delete globalThis.${TAKE}`)).dispose();
      const form = context.callFunction(context.getProp(runner, "adopt"), context.undefined, exported.value ?? context.undefined);
      if (form.error) return unloadable(problemOf(context, form.error, memory));
      if (context.getString(form.value) === "") return { kind: "unloadable", message: "there is no function decodeUplink(input) in it" };
    } catch (error) {
      return fallen(error, memory);
    }
    return new ScriptSandbox({ context, memory, limit, run: context.getProp(runner, "run") });
  }

  get isSpent(): boolean {
    return this.#spent;
  }

  run(frame: ScriptFrame): SandboxOutcome {
    const outcome = this.#outcomeOf(`{"bytes":[${frame.bytes.join(",")}],"fPort":${frame.fPort},"recvTimeMs":${frame.recvTimeMs}}`);
    if (outcome.kind === "stopped") this.#spent = true;
    else this.#image.restore();
    return outcome;
  }

  #outcomeOf(input: string): SandboxOutcome {
    const context = this.#context;
    this.#limit.start(RUN_CPU_MS);
    try {
      const argument = context.newString(input);
      const result = context.callFunction(this.#run, context.undefined, argument);
      if (result.error) {
        const { message, stop } = problemOf(context, result.error, this.#memory);
        const by = stop ?? (this.#limit.isOver() ? "time" : null); // what it threw may run on when it is asked for its message
        return by === null ? { kind: "threw", message } : { kind: "stopped", by, message: sentenceOf(by, RUN_CPU_MS) };
      }
      if (context.getProp(result.value, "length").consume((length) => context.getNumber(length)) > RESULT_CHARS_MAX)
        return { kind: "threw", message: `the result is longer than ${RESULT_CHARS_MAX} characters` };
      return { kind: "ran", json: context.getString(result.value) };
    } catch (error) {
      return fallen(error, this.#memory);
    }
  }
}

/** CPU time of this thread: a machine that is busy with other things makes no script slow. */
class CpuLimit {
  #endUs = 0;

  start(limitMs: number): void {
    this.#endUs = cpuUs() + limitMs * 1000;
  }

  isOver(): boolean {
    return cpuUs() > this.#endUs;
  }
}

function cpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

interface Problem {
  readonly message: string;
  readonly stop: StopCause | null;
}

/** A module's evaluation is a promise of its namespace. */
function settled(context: QuickJSContext, handle: QuickJSHandle): { value?: QuickJSHandle; error?: QuickJSHandle } {
  const state = context.getPromiseState(handle);
  if (state.type === "fulfilled") return { value: state.value };
  if (state.type === "rejected") return { error: state.error };
  return { error: context.newError("it waits for something at its top level") };
}

/** QuickJS gives its own stops no code: only these words of `InternalError` tell them from errors of the script. */
const INTERRUPTED = "interrupted";
const OUT_OF_MEMORY: ReadonlySet<string> = new Set(["out of memory", "string too long", "invalid array buffer length", "invalid string length"]);

function problemOf(context: QuickJSContext, handle: QuickJSHandle, memory: WebAssembly.Memory): Problem {
  const thrown: unknown = context.dump(handle);
  if (thrown === null || thrown === undefined) return { message: `threw ${thrown}`, stop: memory.buffer.byteLength > MEMORY_BYTES / 2 ? "memory" : null };
  if (typeof thrown !== "object") return { message: String(thrown).slice(0, MESSAGE_CHARS_MAX), stop: null };
  const { name, message } = thrown as { name?: unknown; message?: unknown };
  const text = typeof message === "string" ? message : "";
  if (name === "InternalError" && text === INTERRUPTED) return { message: text, stop: "time" };
  if ((name === "InternalError" || name === "RangeError") && OUT_OF_MEMORY.has(text)) return { message: text, stop: "memory" };
  return { message: `${typeof name === "string" ? name : "Error"}: ${text}`.slice(0, MESSAGE_CHARS_MAX), stop: null };
}

function unloadable(problem: Problem): SandboxOutcome {
  return problem.stop === null
    ? { kind: "unloadable", message: problem.message }
    : { kind: "stopped", by: problem.stop, message: `while it was loaded: ${sentenceOf(problem.stop, LOAD_CPU_MS)}` };
}

/** An exception of the WebAssembly itself: its stack, or memory that it could not get. */
function fallen(error: unknown, memory: WebAssembly.Memory): SandboxOutcome {
  const by = error instanceof RangeError || memory.buffer.byteLength <= MEMORY_BYTES / 2 ? "crash" : "memory";
  return { kind: "stopped", by, message: sentenceOf(by, RUN_CPU_MS) };
}

function sentenceOf(by: StopCause, limitMs: number): string {
  switch (by) {
    case "time":
      return `stopped after ${limitMs} ms`;
    case "memory":
      return `stopped at ${MEMORY_BYTES / 1024 / 1024} MB of memory`;
    case "crash":
      return "stopped: the engine fell, as by endless nesting";
  }
}
