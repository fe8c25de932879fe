/** A Sigfox device id as we write it: upper-case hexadecimal digits without the zeros that labels print in front and callbacks leave out. */
export function sigfoxIdOf(text: string): string {
  return text.toUpperCase().replace(/^0+(?=.)/, "");
}
