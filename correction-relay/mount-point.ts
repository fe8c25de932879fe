import type { Base } from "../core/domain/site.ts";
import type { RoverSession } from "./rover.ts";
import type { SourceSession } from "./source.ts";
import type { TableEntry } from "./sourcetable.ts";

/** What the name of a mount leads to, as the reception sees it: one base's stream, a form of it, or a choice between bases. */
export interface MountPoint {
  readonly name: string;
  readonly sim: boolean; // simulated corrections: loopback alone, unless the relay serves them to all
  readonly variantOf: string | null; // who may use that mount may use this form of it too
  readonly takesSource: Base | null; // this base may push here
  /** Its line in the sourcetable. */
  entry(nowMs: number): TableEntry;
  /** The status line and what is cached leave in one segment; the rover stays until `leave`. */
  join(rover: RoverSession, statusLine: string): void;
  leave(rover: RoverSession): void;
  /** Only where `takesSource` is a base; `rest` came in the segment of the request. */
  attach(source: SourceSession, answer: string, rest: Uint8Array): "attached" | "taken";
}

export interface MountDirectory {
  find(name: string): MountPoint | undefined;
  all(): Iterable<MountPoint>;
}
