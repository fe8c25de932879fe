import type { Writable } from "node:stream";
import { type Input, InputError, openInput } from "./input.ts";
import { writeLines } from "./lines.ts";
import { Output } from "./output.ts";
import { TransferError } from "./transfer-coding.ts";
import { writeTruth } from "./truth/document.ts";

const USAGE = `usage: rtcm-parser [--raw] FILE
       rtcm-parser truth [--raw] FILE

Finds the RTCM 3 frames in FILE ("-": standard input), whatever else it holds (NMEA, UBX, damage), and decodes them.

  rtcm-parser FILE        one JSON line for each message: frame, offset, length, type and its fields;
                          a message that cannot be decoded has "error", and its payload in hex
  rtcm-parser truth FILE  one JSON document: framing, counts, frame list, stations, antennas, observations, ephemerides

A file that is the body of an NTRIP 2.0 answer (HTTP chunks, gzip) is decoded first; offsets then refer to the decoded body.
  --raw    do not: take the bytes as they are
  --help   this text

Exit status: 0, 1 when the input broke off in the middle, 2 when it cannot be opened or the command is wrong.
`;

interface Streams {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

const COMMANDS = { lines: writeLines, truth: writeTruth } as const;

/** Runs the command. Gives its exit status. */
export async function main(args: readonly string[], { stdin, stdout, stderr }: Streams): Promise<number> {
  const order = orderOf(args);
  if (order === "help") {
    stdout.write(USAGE);
    return 0;
  }
  if (typeof order === "string") {
    stderr.write(`rtcm-parser: ${order}\n${USAGE}`);
    return 2;
  }
  try {
    await using input: Input = await openInput(order.file, stdin);
    await COMMANDS[order.command](input, new Output(stdout), { raw: order.raw });
    return 0;
  } catch (error) {
    if (!(error instanceof InputError || error instanceof TransferError)) throw error;
    stderr.write(`rtcm-parser: ${order.file}: ${error.message}\n`);
    return error instanceof InputError && error.code === "NOT_OPENED" ? 2 : 1;
  }
}

interface Order {
  readonly command: keyof typeof COMMANDS;
  readonly file: string;
  readonly raw: boolean;
}

/** What is asked for; a string is "help", or what is wrong. */
function orderOf(args: readonly string[]): Order | string {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const options = args.slice(0, end).filter((arg) => arg.startsWith("-") && arg !== "-");
  const words = [...args.slice(0, end).filter((arg) => !arg.startsWith("-") || arg === "-"), ...args.slice(end + 1)];
  if (options.includes("--help") || options.includes("-h")) return "help";
  const unknown = options.find((option) => option !== "--raw");
  if (unknown !== undefined) return `unknown option ${unknown}`;
  const command = words[0] === "truth" && end > 0 ? "truth" : "lines";
  const [file, ...more] = command === "truth" ? words.slice(1) : words;
  if (file === undefined) return "no file given";
  return more.length > 0 ? `one file at a time: ${more.join(" ")}` : { command, file, raw: options.includes("--raw") };
}
