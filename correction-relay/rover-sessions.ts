import type { RoverSession } from "./rover.ts";

/** Live connections by account. Bounded by the caster's connections. */
export class RoverSessions {
  readonly #sessions = new Map<string, Set<RoverSession>>(); // by rover id

  of(roverId: string): Iterable<RoverSession> {
    return this.#sessions.get(roverId) ?? [];
  }

  count(roverId: string): number {
    return this.#sessions.get(roverId)?.size ?? 0;
  }

  add(session: RoverSession): void {
    const { id } = session.rover;
    const sessions = this.#sessions.get(id);
    if (sessions === undefined) this.#sessions.set(id, new Set([session]));
    else sessions.add(session);
  }

  remove(session: RoverSession): void {
    const { id } = session.rover;
    const sessions = this.#sessions.get(id);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#sessions.delete(id);
  }
}
