import type { RoverService, Sentence } from "../core/domain/live.ts";
import type { BaseStream } from "./base-stream.ts";
import type { MountPoint } from "./mount-point.ts";
import type { RoverSession } from "./rover.ts";

/** A rover's connection, and what it is served with at this moment. */
export interface Served {
  readonly session: RoverSession;
  readonly mount: string; // as its console asks
  readonly stream: BaseStream | null; // null: nothing is sent to it now
  readonly datum: string | null; // of what is sent to it, as `datumText`
  readonly choosesBase: boolean; // a virtual mount, which watches plot and datum itself
  readonly plotId: string | null; // that it works in; null too where nobody has looked
  readonly switches: RoverService["switches"];
  readonly notice: Sentence | null;
}

/** A mount as the relay keeps it: what the reception sees, and its life. */
export interface LivingMount extends MountPoint {
  served(): Iterable<Served>;
  /** Once a second. */
  tick(nowMs: number): void;
  close(reason: string): void;
}
