import type { SilenceCause } from "./device-state.ts";
import type { Sentence } from "./live.ts";

/** Why nothing comes from a device, and what to look at. `names`: of the gateways or the network. Nothing is called good that nobody hears. */
export function silenceWords(cause: SilenceCause, names: readonly string[]): Sentence {
  const list = { ja: names.join("、"), en: names.join(", ") };
  switch (cause) {
    case "gateway":
      return {
        code: "silent-gateway",
        ja: `中継局（${list.ja}）が止まっています。センサーではなく、中継局の電源と回線を確認してください。`,
        en: `The gateway (${list.en}) is down. Look at its power and line first, not at the sensor.`,
      };
    case "network":
      return {
        code: "silent-network",
        ja: `ネットワーク（${list.ja}）から何も届いていません。ネットワークサーバーと、そこからこのサービスまでの回線を確認してください。`,
        en: `Nothing at all comes from the network (${list.en}). Look at its server and at the line from there to this service.`,
      };
    case "device":
      return {
        code: "silent-device",
        ja: "このセンサーだけ届いていません。電池と設置場所を確認してください。",
        en: "Only this sensor is not heard. Look at its battery and its place.",
      };
    case "channel":
      return {
        code: "silent-channel",
        ja: `センサーは届いていますが、${list.ja}の値が来ません。プローブとケーブルを確認してください。`,
        en: `The sensor is heard, but gives no value of ${list.en}. Look at the probe and its cable.`,
      };
    case "restart":
      return {
        code: "silent-restart",
        ja: "このサービスが再開したばかりで、まだ次の受信を待っています。",
        en: "This service has just started again and still waits for the next message.",
      };
  }
}
