import type { RoverService } from "../core/domain/live.ts";
import type { BaseStream } from "./base-stream.ts";
import type { Feed } from "./feed.ts";
import type { RoverSession } from "./rover.ts";
import type { HeardGga } from "./rover-state.ts";
import type { Decision, RoverChooser } from "./virtual/rover-chooser.ts";

/** A base's stream in the form of the mount. */
export interface Placed {
  readonly baseId: string;
  readonly stream: BaseStream;
  readonly feed: Feed;
}

/** A rover's place on a virtual mount: what it gets now, and what comes next. */
export interface Seat {
  readonly session: RoverSession;
  readonly chooser: RoverChooser;
  current: Placed | null;
  coming: Placed | null;
  decision: Decision;
  heard: HeardGga | null;
  rememberedAtMs: number;
  lastBaseId: string | null; // of which data came last
  switches: RoverService["switches"];
}
