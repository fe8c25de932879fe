/** What a caller may switch on. One row per code: add it here before it is thrown. */
export type ErrorCode =
  | "CONFIG_INVALID" // an AZEMICHI_… key is unknown or malformed
  | "SITE_INVALID" // the site file does not match its schema; context.path names the place
  | "DATA_FOLDER_LOCKED" // another instance runs on this data folder
  | "SCHEMA_NEWER" // the data folder was written by a newer version
  | "PORT_TAKEN" // a listener's port belongs to another program
  | "STORE_UNAVAILABLE" // journal, readings or catalog could not be read or written
  | "BACKUP_INVALID" // a backup is incomplete, changed or damaged
  | "PEER_REFUSED"; // an outside server answered, and said no

/** A broken contract or a dead neighbour: a stable code, a sentence that says what to do, and context without secrets. */
export class AzemichiError extends Error {
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; context?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "AzemichiError";
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** Ends an exhaustive switch: a new variant that nobody handles is a compile error here. */
export function unreachable(value: never): never {
  throw new TypeError(`unhandled variant: ${JSON.stringify(value)}`);
}
