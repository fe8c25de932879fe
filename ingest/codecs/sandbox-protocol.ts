import type { MessagePort } from "node:worker_threads";

/** What the thread of the sandboxes is asked, and what it answers. */
export interface SandboxRequest {
  readonly id: number;
  readonly sha256: string;
  readonly script: string | null; // null: the thread has it already
  readonly forget: readonly string[]; // scripts that are used no more
  readonly frames: readonly ScriptFrame[]; // one after the other; a stop ends it
}

/** A frame as a vendor script gets it. */
export interface ScriptFrame {
  readonly bytes: Uint8Array;
  readonly fPort: number;
  readonly recvTimeMs: number;
}

export type SandboxOutcome =
  | { readonly kind: "ran"; readonly json: string } // of ScriptResult, not looked at yet
  | { readonly kind: "threw"; readonly message: string } // the script's own doing
  | { readonly kind: "unloadable"; readonly message: string } // no JavaScript, or none with a decoder in it
  | { readonly kind: "stopped"; readonly by: StopCause; readonly message: string }
  | { readonly kind: "unavailable"; readonly message: string }; // no sandbox could be had: nothing is known about the script

/** `crash`: the engine itself fell, by nesting that its stack does not hold. */
export type StopCause = "time" | "memory" | "crash";

export interface SandboxAnswer {
  readonly id: number;
  readonly outcomes: readonly SandboxOutcome[];
}

export interface SandboxWorkerData {
  readonly wasm: WebAssembly.Module;
  readonly port: MessagePort;
  readonly signals: SharedArrayBuffer; // Int32, see the places below
}

/** Places in `signals`. */
export const READY = 0;
export const ANSWERS = 1;
export const PROGRESS = 2; // of the question under way: the frame at which it is, from 1; 0: the script is not loaded yet
export const SIGNALS = 3;

/** TS013 leaves 100 ms to a script, as ChirpStack and The Things Stack do. CPU time, so that a busy machine changes no result. */
export const RUN_CPU_MS = 100;
export const LOAD_CPU_MS = 250;
/** By the clock on the wall: for code inside the engine that asks nobody. */
export const RUN_WALL_MS = 1000;
export const LOAD_WALL_MS = 1500;
export const MEMORY_BYTES = 32 * 1024 * 1024;
