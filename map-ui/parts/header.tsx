import { useState } from "preact/hooks";
import { clocks, config, heardAtMs, liveStatus, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { navigate, view } from "../state/view.ts";
import { Icon } from "./icons.tsx";
import { SettingsDialog } from "./settings.tsx";

export function Header() {
  const m = useSignal(messages);
  const { lang } = useSignal(view);
  const site = useSignal(config)?.site.name[lang] ?? "";
  const [settings, setSettings] = useState<"open" | "closed">("closed");
  const otherLang = lang === "ja" ? "en" : "ja";
  return (
    <header class="header">
      <div class="header__row">
        <div class="header__name">
          <h1 class="header__title">
            {site} <span class="header__app">{m.appName}</span>
          </h1>
          <LiveSign />
        </div>
        <div class="header__tools">
          <button type="button" class="button button--quiet" lang={otherLang} onClick={() => navigate({ lang: otherLang }, "replace")}>
            {m.otherLangName}
          </button>
          <button type="button" class="button button--quiet" aria-haspopup="dialog" onClick={() => setSettings("open")}>
            <Icon name="settings" />
            {m.settings.open}
          </button>
        </div>
      </div>
      {settings === "open" && <SettingsDialog onClose={() => setSettings("closed")} />}
    </header>
  );
}

const SIGN = { live: "●", starting: "…", polling: "◐", lost: "✕" } as const;

function LiveSign() {
  const m = useSignal(messages);
  const status = useSignal(liveStatus);
  const heard = useSignal(heardAtMs);
  const clock = useSignal(clocks);
  return (
    <p class="live" data-status={status}>
      <span class="live__sign" aria-hidden="true">
        {SIGN[status]}
      </span>
      <span>{m.live[status]}</span>
      {heard > 0 && <time class="live__time">{clock.time(heard)}</time>}
    </p>
  );
}
