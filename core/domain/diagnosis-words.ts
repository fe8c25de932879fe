import type { Sentence } from "./live.ts";

/** What ails a rover, in one sentence. Corrections are reported, never permission; a cause that is only likely says so. */
const say = (code: string, ja: string, en: string): Sentence => ({ code, ja, en });

export const DIAGNOSIS_WORDS = {
  endedInsidePlot: say(
    "ended-inside-plot",
    "止めてください。田んぼの中で基地局に異常が起き、補正を終えました。",
    "Stop: the base failed while the tractor was inside a plot, and corrections have ended.",
  ),
  baseAbsent: (name: string) =>
    say("base-absent", `基地局「${name}」がつながっていないため、補正が届いていません。`, `Base ${name} is not connected, so no corrections arrive.`),
  baseSilent: (name: string) =>
    say("base-silent", `基地局「${name}」が補正を送っていないため、届いていません。`, `Base ${name} is connected but sends nothing, so no corrections arrive.`),
  baseStopped: (name: string, why: { ja: string; en: string }) =>
    say("base-stopped", `基地局「${name}」の補正は止められています(${why.ja})。`, `Corrections of base ${name} are stopped (${why.en}).`),
  baseWaiting: (name: string) =>
    say(
      "base-waiting",
      `基地局「${name}」の位置を確かめているため、補正はまだ送っていません。`,
      `The position of base ${name} is being checked; no corrections are sent yet.`,
    ),
  noBase: say("no-base", "受けられる基地局がいまありません。", "No base can serve this tractor now."),
  linkNever: say(
    "link-never",
    "まだ一度もつながっていません。トラクターの通信と接続先(アドレス・ポート)を確かめてください。",
    "It has never connected: check the tractor's data connection and the address and port that it calls.",
  ),
  link: (since: string) =>
    say(
      "link",
      `${since}からつながっていません。トラクターの電源と通信を確かめてください。`,
      `It has not been connected since ${since}: check the tractor's power and data connection.`,
    ),
  mobileSignal: say(
    "mobile-signal",
    "基地局とほかのトラクターは正常で、このトラクターだけ通信がとぎれています。携帯の電波と思われます。",
    "The base and other tractors are well and only this connection has gaps: probably the mobile signal.",
  ),
  noGga: say(
    "no-gga",
    "補正は送っていますが、トラクターの位置(GGA)が届いていません。ガイダンスの設定でGGAの送信を入れてください。",
    "Corrections are sent, but the tractor reports no position (GGA): switch GGA on in its console.",
  ),
  noSatellites: say(
    "no-satellites",
    "トラクターの受信機がまだ測位できていません。アンテナと空の見え方を確かめてください。",
    "The tractor's receiver has no position of its own: check its antenna and its view of the sky.",
  ),
  tooFar: (km: string, most: string) =>
    say("too-far", `基地局から${km} km離れています(目安 ${most} kmまで)。`, `It is ${km} km from the base (${most} km is the limit on file).`),
  tooFarFromAll: say("too-far", "どの基地局からも遠すぎるため、補正を送れません。", "It is too far from every base, so no corrections are sent."),
  oldRtcm: (mount: string) =>
    say(
      "old-rtcm",
      `受信機が補正を読めていません。古い形式(RTCM 3.0・3.1)の機種と思われます。マウント「${mount}」にしてください。`,
      `The receiver does not use the corrections; it probably knows only RTCM 3.0 or 3.1: change its mount point to ${mount}.`,
    ),
  notUsed: say(
    "insufficient",
    "補正は送っていますが、受信機が使っていません。原因はこちらからはわかりません。",
    "Corrections are sent, but the receiver does not use them; the cause cannot be told from here.",
  ),
  wrongPassword: say(
    "wrong-password",
    "パスワードが違うため、つながりません。もう一度入れてください。",
    "It is refused because the password is wrong: enter it again.",
  ),
  backOff: say(
    "wrong-password",
    "違うパスワードが続いたため、しばらく待たされています。正しいものを入れて1分ほど待ってください。",
    "Too many wrong passwords: enter the right one and wait a minute.",
  ),
  unknownMount: (mount: string) =>
    say("wrong-mount", `マウント「${mount}」はありません。名前を確かめてください。`, `There is no mount point ${mount}: check its name.`),
  notThisMount: (mount: string) =>
    say("wrong-mount", `マウント「${mount}」は、この利用者には許されていません。`, `This account may not receive mount point ${mount}.`),
  expired: (on: string) =>
    say("expired", `この利用者の期限(${on})が過ぎました。役場にたのんでください。`, `This account expired (${on}): ask the town office.`),
  sessions: (most: number) =>
    say(
      "session-limit",
      `同じ利用者名の接続が上限(${most}台)に達しているため、新しい接続を断っています。`,
      `New connections are refused: this account already has as many as it may (${most}).`,
    ),
  busy: say("busy", "サーバーが混み合い、接続を待たせています。少し待ってください。", "The server is busy and makes connections wait: try again in a moment."),
  stale: (ageS: string) =>
    say(
      "stale-corrections",
      `補正は遅れなく送っていますが、受信機では${ageS}秒前のものです。受信機への入力を確かめてください。`,
      `Corrections leave here without delay, yet the receiver's are ${ageS} s old: check what feeds the receiver.`,
    ),
  otherStation: (named: number, ours: string) =>
    say(
      "other-station",
      `受信機は別の基地局(局番号 ${named})の補正を使っています。こちらが送っているのは${ours}です。`,
      `The receiver uses corrections of another station (ID ${named}); we send ${ours}.`,
    ),
  justConnected: say("just-connected", "つながったばかりです。1分ほどで様子がわかります。", "It has only just connected; this can be told in about a minute."),
  float: say("float", "補正は正常に届いています。受信機は準備中(FLOAT)です。", "Corrections are arriving normally; the receiver is still preparing (FLOAT)."),
  well: say("well", "補正は正常に届いています。", "Corrections are arriving normally."),
  relaySilent: say("insufficient", "中継サーバーからの知らせがないため、判断できません。", "The relay has said nothing lately, so this cannot be told."),
  insufficient: say("insufficient", "通信がとぎれていますが、原因を決める材料が足りません。", "The connection has gaps, but there is not enough to tell why."),
  unclear: say("insufficient", "補正は送っていますが、受信機の様子がわかりません。", "Corrections are sent, but the receiver's state is not known."),
} as const;
