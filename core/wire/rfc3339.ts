const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * Unix ms of an RFC 3339 time of up to nine fraction digits (ChirpStack and The Things Stack send nanoseconds), cut to the millisecond;
 * null if it is none. A leap second (`:60`) is the first moment of the next minute.
 */
export function rfc3339Ms(text: string): number | null {
  const m = RFC3339.exec(text);
  if (m === null) return null;
  const [year, month, day, hour, minute, second] = [Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6])];
  if (hour > 23 || minute > 59 || second > 60 || month < 1 || month > 12 || day < 1) return null;
  const offsetMinutes = m[8] === undefined ? 0 : (m[8] === "-" ? -1 : 1) * (Number(m[9]) * 60 + Number(m[10]));
  if (Math.abs(offsetMinutes) >= 24 * 60) return null;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month - 1, day); // Date.UTC would take the years 0 to 99 for 1900 to 1999
  if (midnight.getUTCDate() !== day) return null; // 30 February
  const fractionMs = Number((m[7] ?? "0").padEnd(3, "0").slice(0, 3));
  return midnight.getTime() + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000 + fractionMs;
}
