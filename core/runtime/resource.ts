import { AzemichiError } from "../domain/errors.ts";
import type { Log } from "./log.ts";

/** Opened in order, closed in reverse; a close that fails or hangs does not keep the others open. */
export class Resources {
  readonly #closers: { name: string; close: () => unknown }[] = [];
  readonly #log: Log;
  #closing: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  use<T>(name: string, resource: T, close: (resource: T) => unknown): T {
    if (this.#closing) throw new AzemichiError("STORE_UNAVAILABLE", `opened after closing began: ${name}`);
    this.#closers.push({ name, close: () => close(resource) });
    return resource;
  }

  /** Idempotent. Each close gets at most `timeoutMs`. */
  close(timeoutMs = 2000): Promise<void> {
    this.#closing ??= this.#closeAll(timeoutMs);
    return this.#closing;
  }

  async #closeAll(timeoutMs: number): Promise<void> {
    for (const { name, close } of this.#closers.reverse()) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<string>((resolve) => {
        timer = setTimeout(() => resolve("late"), timeoutMs);
      });
      try {
        const ended = await Promise.race([Promise.resolve().then(close), late]);
        if (ended === "late") this.#log.warn("close took too long", { resource: name, timeoutMs });
      } catch (error) {
        this.#log.warn("close failed", { resource: name, error });
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
