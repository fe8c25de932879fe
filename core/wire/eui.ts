const EUI = /^[0-9a-fA-F]{2}(?:[-:]?[0-9a-fA-F]{2}){7}$/;
const PLAIN = /^[0-9a-f]{16}$/;

/** EUI-64 as we write it, 16 lower-case digits: read in either case, also with `-` or `:` between bytes; null if it is none. */
export function euiOf(text: string): string | null {
  if (PLAIN.test(text)) return text;
  return EUI.test(text) ? text.replaceAll(/[-:]/g, "").toLowerCase() : null;
}
