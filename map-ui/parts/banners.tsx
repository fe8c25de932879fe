import { mustStop, roverNotice } from "../state/stations.ts";
import { clockMs, clocks, config, field, heardAtMs, liveStatus, me, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { view } from "../state/view.ts";
import { ViewLink } from "./link.tsx";

/** What must be known before anything on the page is believed. */
export function DemoBanner() {
  const m = useSignal(messages);
  if (!useSignal(config)?.demo) return null;
  return (
    <aside class="demo-banner" aria-label={m.demo.banner}>
      <strong>{m.demo.banner}</strong>
    </aside>
  );
}

export function LiveBanner() {
  const m = useSignal(messages);
  const status = useSignal(liveStatus);
  const heard = useSignal(heardAtMs);
  const clock = useSignal(clocks);
  if (status === "live" || status === "starting") return null;
  const lost = heard > 0 ? m.live.lostBanner(clock.dayTime(heard)) : m.live.lostNever;
  return (
    <p class="live-banner" role="status" data-status={status}>
      {status === "polling" ? m.live.pollingBanner : lost}
    </p>
  );
}

/** 止めてください: before everything else, on every screen of whoever sees this tractor. */
export function StopBanners() {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const clock = useSignal(clocks);
  const { lang, selected } = useSignal(view);
  const stops = [...useSignal(field).rovers.values()].flatMap((rover) => {
    const notice = roverNotice(rover, now);
    if (selected?.kind === "rover" && selected.id === rover.id) return []; // its panel begins with it
    return mustStop(notice) && rover.state ? [{ id: rover.id, name: rover.name, text: notice[lang], time: clock.time(Date.parse(rover.state.at)) }] : [];
  });
  return (
    <div role="alert">
      {stops.map(({ id, name, text, time }) => (
        <ViewLink key={id} to={{ tab: "base", selected: { kind: "rover", id } }} class="stop-banner">
          <strong>{text}</strong>
          <span>{m.rover.noticeAt(name, time)}</span>
        </ViewLink>
      ))}
    </div>
  );
}

/** For staff: somebody on the way could read passwords. */
export function PlainListenerBanner() {
  const m = useSignal(messages);
  const listeners = useSignal(me)?.plainListeners ?? [];
  if (listeners.length === 0) return null;
  return (
    <p class="live-banner plain-banner" role="note">
      {m.plainListeners(listeners.map(({ what, bind }) => `${what} (${bind})`).join(", "))}
    </p>
  );
}
