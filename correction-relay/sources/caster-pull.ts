import type { Socket } from "node:net";
import { ChunkedBody, PlainBody } from "../../core/wire/chunked-body.ts";
import { SERVER } from "../../core/wire/ntrip-response.ts";
import { type CasterAnswer, readCasterAnswer } from "./caster-answer.ts";
import { connected, whyNot } from "./connect.ts";
import { unpacked } from "./gzip-link.ts";
import { type Link, type NoLink, noLink } from "./link.ts";
import type { UpstreamUrl } from "./upstream-url.ts";

const ANSWER_TIMEOUT_MS = 10_000;

export interface PullRequest {
  readonly url: Extract<UpstreamUrl, { kind: "ntrip" }>;
  readonly version: 1 | 2;
  readonly gga: string | null; // of the rover that is served, for a virtual station
}

/** One attempt at another caster's stream. */
export async function pullFromCaster(request: PullRequest, signal: AbortSignal): Promise<Link | NoLink> {
  const { url } = request;
  let socket: Socket;
  try {
    socket = await connected(url, signal);
  } catch (error) {
    const { code, ...words } = whyNot(error);
    return noLink(code === "tls" ? "late" : "soon", code, words);
  }
  socket.write(requestText(request), "utf8");
  const { answer, head } = await answered(socket);
  if (answer.kind !== "stream") {
    socket.destroy();
    return refusal(answer);
  }
  const body = answer.chunked ? new ChunkedBody() : new PlainBody();
  const link: Link = {
    kind: "open",
    socket,
    address: `${url.host}:${url.port}/${url.mount}`,
    agent: answer.server,
    body,
    rest: head.subarray(answer.bodyAt),
  };
  return answer.gzip ? unpacked(link) : link;
}

/** Version 2 carries what version 1 needs too, so that an old caster answers `ICY 200 OK` to it; some do not, hence both. */
function requestText({ url, version, gga }: PullRequest): string {
  const path = encodeURI(url.mount);
  const login = url.username === null ? [] : [`Authorization: Basic ${Buffer.from(`${url.username}:${url.password}`, "utf8").toString("base64")}`];
  const lines =
    version === 1
      ? [`GET /${path} HTTP/1.0`, `User-Agent: ${SERVER}`, "Accept: */*", ...login, "Connection: close"]
      : [
          `GET /${path} HTTP/1.1`,
          `Host: ${url.host}:${url.port}`,
          "Ntrip-Version: Ntrip/2.0",
          `User-Agent: ${SERVER}`,
          "Accept: */*",
          ...(gga === null ? [] : [`Ntrip-GGA: ${gga}`]),
          ...login,
          "Connection: close",
        ];
  return `${lines.join("\r\n")}\r\n\r\n${version === 1 && gga !== null ? `${gga}\r\n` : ""}`;
}

function answered(socket: Socket): Promise<{ answer: CasterAnswer; head: Buffer }> {
  return new Promise((resolve) => {
    let head = Buffer.alloc(0); // 8 KiB at most: readCasterAnswer decides by then
    const settle = (answer: CasterAnswer): void => {
      clearTimeout(timer);
      socket.pause();
      socket.off("data", onData).off("close", onEnd).off("end", onEnd);
      resolve({ answer, head });
    };
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const answer = readCasterAnswer(head);
      if (answer.kind !== "need-more") settle(answer);
    };
    const onEnd = (): void => settle(head.length === 0 ? SILENT : readCasterAnswer(head, true));
    const timer = setTimeout(() => settle(head.length === 0 ? SILENT : readCasterAnswer(head, true)), ANSWER_TIMEOUT_MS);
    socket.on("data", onData).once("close", onEnd).once("end", onEnd);
  });
}

const SILENT: CasterAnswer = { kind: "refused", why: "other", line: "closed without an answer" };

function refusal(answer: CasterAnswer): NoLink {
  const line = answer.kind === "refused" ? printable(answer.line) : "";
  const why = answer.kind === "refused" ? answer.why : "other";
  switch (why) {
    case "password":
      return noLink("never", "password", {
        ja: "相手のキャスターがユーザー名かパスワードを拒みました。直るまで接続しません",
        en: `the other caster refuses user name or password (${line}); no further attempt until they are changed`,
      });
    case "banned":
      return noLink("never", "banned", {
        ja: `相手のキャスターに接続を禁じられました（${line}）。設定を変えるまで接続しません`,
        en: `banned by the other caster (${line}); no further attempt until the entry is changed`,
      });
    case "mount":
      return noLink("late", "no-such-mount", { ja: "相手のキャスターにこのマウントがありません", en: `the other caster has no such mount (${line})` });
    case "busy":
      return noLink("late", "busy", { ja: "相手のキャスターが混んでいます", en: `the other caster is busy (${line})` });
    case "other":
      return noLink("soon", "other-answer", { ja: `相手のキャスターの答えが分かりません（${line}）`, en: `unexpected answer of the other caster: ${line}` });
  }
}

const printable = (line: string): string => line.replace(/[^\x20-\x7e]/g, "?");
