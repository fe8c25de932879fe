import { clocks, config, heardAtMs, liveStatus, me, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";

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
