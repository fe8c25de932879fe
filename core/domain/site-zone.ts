/** Local time of a site. Offsets are cached per quarter of an hour: no zone changes its clocks at another moment. */
export interface SiteZone {
  /** `2026-06-01 06:00:00` as the site's clocks show it. */
  localText(atMs: number): string;
  /** East positive, ms: what the clocks are ahead of UTC at that moment. */
  offsetMs(atMs: number): number;
  /**
   * RFC 3339 with offset, or without one (then the site's clocks), or a bare date (the site's midnight), in Unix ms.
   * null: not a moment of the calendar.
   */
  instantMs(text: string): number | null;
}

const QUARTER_MS = 900_000;
const CACHED_QUARTERS_MAX = 50_000; // 1.4 years of quarters; then the cache starts anew
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?)?$/;

export function siteZone(timeZone: string): SiteZone {
  const known = ZONES.get(timeZone) ?? makeZone(timeZone);
  if (ZONES.size >= ZONES_MAX) ZONES.clear();
  ZONES.set(timeZone, known);
  return known;
}

/** A formatter costs milliseconds to make, and a site has one zone. */
const ZONES = new Map<string, SiteZone>();
const ZONES_MAX = 8;

function makeZone(timeZone: string): SiteZone {
  const format = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  const offsets = new Map<number, number>();

  const offsetMs = (atMs: number): number => {
    const quarter = Math.floor(atMs / QUARTER_MS);
    const known = offsets.get(quarter);
    if (known !== undefined) return known;
    if (offsets.size >= CACHED_QUARTERS_MAX) offsets.clear();
    const name = format.formatToParts(quarter * QUARTER_MS).find((p) => p.type === "timeZoneName")?.value ?? "GMT";
    const offset = offsetOf(name);
    offsets.set(quarter, offset);
    return offset;
  };

  const fromLocal = (localMs: number): number => {
    const guess = localMs - offsetMs(localMs);
    return localMs - offsetMs(guess); // the second look settles the hours around a change of the clocks
  };

  return {
    offsetMs,
    localText: (atMs) => new Date(atMs + offsetMs(atMs)).toISOString().slice(0, 19).replace("T", " "),
    instantMs(text) {
      const found = INSTANT.exec(text);
      if (!found) return null;
      const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", utc, sign, offsetHours, offsetMinutes] = found;
      const wall = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
      // ECMAScript engines roll 31 February over into March: what does not come back as it went in is no date
      if (!Number.isFinite(wall) || !new Date(wall).toISOString().startsWith(`${year}-${month}-${day}`)) return null;
      const wallMs = wall + Number(fraction.slice(1, 4).padEnd(3, "0"));
      if (utc) return wallMs;
      if (sign) return wallMs - (sign === "-" ? -1 : 1) * (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
      return fromLocal(wallMs);
    },
  };
}

/** `GMT`, `GMT+09:00`, `GMT-03:30` → ms. */
function offsetOf(name: string): number {
  const found = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(name);
  if (!found?.[1]) return 0;
  return (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) * 60_000;
}
