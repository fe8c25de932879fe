/** What can go wrong here. Callers switch on the code, never on the text. */
export type RtcmErrorCode =
  | "NOT_A_FRAME" // no preamble, or a length that is not the bytes' own
  | "TOO_LONG" // payload over 1023 bytes
  | "TRUNCATED" // the payload ends inside a field
  | "INVALID" // the payload contradicts itself or the standard
  | "OUT_OF_RANGE" // a value does not fit its field
  | "UNREAD_FRAMES"; // the splitter's caller keeps stopping early

export interface RtcmErrorContext {
  /** Message type (DF002), when it is known. */
  readonly type?: number;
  /** Bits from the start of the payload. */
  readonly bitOffset?: number;
  readonly field?: string;
}

/** The only error this package throws. */
export class RtcmError extends Error {
  readonly code: RtcmErrorCode;
  readonly context: RtcmErrorContext;

  constructor(code: RtcmErrorCode, message: string, context: RtcmErrorContext = {}) {
    super(message);
    this.name = "RtcmError";
    this.code = code;
    this.context = context;
  }
}
