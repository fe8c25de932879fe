/** Unix ms of a wall-clock time in an IANA zone. A time that the zone skips or repeats takes the offset before the change. */
function zonedMs(wall: { utcMs: number; timeZone: string }): number {
  const offset = (atMs: number): number => {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: wall.timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    }).formatToParts(atMs);
    const part = (type: string): number => Number(parts.find((p) => p.type === type)?.value);
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - Math.floor(atMs / 1000) * 1000;
  };
  const guess = wall.utcMs - offset(wall.utcMs);
  return wall.utcMs - offset(guess);
}

/** Unix ms of `2026-05-01` (midnight in the zone), `2026-05-01T06:00:00` (in the zone) or `…+09:00` / `…Z`; null stays null. */
export function instantMs(text: string | null | undefined, timeZone: string): number | null {
  if (text === null || text === undefined) return null;
  if (/(Z|[+-]\d{2}:?\d{2})$/i.test(text) && text.includes("T")) return Date.parse(text);
  return zonedMs({ utcMs: Date.parse(text.includes("T") ? `${text}Z` : `${text}T00:00:00Z`), timeZone });
}
