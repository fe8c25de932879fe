/** Every bound of the relay in one place. What goes over one is refused or cut, and counted. */
export interface RelayLimits {
  readonly connections: number;
  readonly pending: number; // connected, request not yet understood
  readonly connectionsPerAddress: number; // loopback exempt; generous: a carrier's NAT hides a town
  readonly headBytes: number;
  readonly headTimeoutMs: number;
  readonly idleAtLineEndMs: number; // quiet behind a whole line: the request has no blank line
  readonly idleInLineMs: number; // quiet inside a line: the request has no line end at all
  readonly gatherMs: number; // DESIGN §1: an epoch leaves at the latest this long after its first frame
  readonly gatherBytes: number;
  readonly roverStaleMs: number; // nothing older is handed to the kernel; who has not drained for so long gets no new epoch
  readonly roverUndrainedMs: number; // after it a rover is cut
  readonly holdMs: number; // what a base said of itself is kept so long after its end; behind it no rover waits, whatever happens
  readonly sourceSilentMs: number; // after it another authenticated source may take the mount
  readonly sourceIdleMs: number; // after it a source without a byte is closed
  readonly sourceWorkPerTurn: number; // after it the loop turns before more of a source is framed; work as `WorkBudget` counts it
  readonly sourceWorkPerS: number; // above it, and the burst, a source is read no faster
  readonly sourceWorkBurst: number;
}

export const LIMITS: RelayLimits = {
  connections: 20_000,
  pending: 2000,
  connectionsPerAddress: 1000,
  headBytes: 8192,
  headTimeoutMs: 10_000,
  idleAtLineEndMs: 1000,
  idleInLineMs: 3000,
  gatherMs: 30,
  gatherBytes: 65_536,
  roverStaleMs: 2000,
  roverUndrainedMs: 10_000,
  holdMs: 30_000,
  sourceSilentMs: 1950, // with a base's retries, two a second: back within 2.5 s
  sourceIdleMs: 120_000,
  sourceWorkPerTurn: 1_000_000, // one or two ms
  sourceWorkPerS: 32_000_000, // a twentieth of a core; a base sends some kB/s
  sourceWorkBurst: 32_000_000,
};
