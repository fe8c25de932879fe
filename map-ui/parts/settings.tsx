import { useEffect, useRef } from "preact/hooks";
import { logOut } from "../live/api-client.ts";
import { boot, config, me, messages, reload } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { type Lang, navigate, SCALES_PCT, view } from "../state/view.ts";
import { Icon } from "./icons.tsx";

const LANGS: readonly { lang: Lang; name: string }[] = [
  { lang: "ja", name: "日本語" },
  { lang: "en", name: "English" },
];

export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const m = useSignal(messages);
  const shown = useSignal(view);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="settings-title" onClose={onClose}>
      <div class="dialog__head">
        <h2 id="settings-title">{m.settings.title}</h2>
        <button type="button" class="button button--quiet" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
          {m.settings.close}
        </button>
      </div>
      <fieldset class="choices">
        <legend>{m.settings.textSize}</legend>
        {SCALES_PCT.map((pct) => (
          <button key={pct} type="button" class="button" aria-pressed={shown.scalePct === pct} onClick={() => navigate({ scalePct: pct }, "replace")}>
            {pct}%
          </button>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>{m.settings.language}</legend>
        {LANGS.map(({ lang, name }) => (
          <button key={lang} type="button" class="button" lang={lang} aria-pressed={shown.lang === lang} onClick={() => navigate({ lang }, "replace")}>
            {name}
          </button>
        ))}
      </fieldset>
      <Account onDone={() => dialog.current?.close()} />
      <p class="dialog__version">{m.settings.version(useSignal(config)?.version ?? "")}</p>
    </dialog>
  );
}

function Account({ onDone }: { onDone: () => void }) {
  const m = useSignal(messages);
  const who = useSignal(me);
  if (who?.user) {
    return (
      <div class="choices">
        <span>{m.settings.user(who.user.username)}</span>
        <button type="button" class="button" onClick={() => void logOut().then(reload)}>
          {m.settings.logOut}
        </button>
      </div>
    );
  }
  const toLogIn = () => {
    onDone();
    boot.value = { kind: "log-in" };
  };
  return (
    <div class="choices">
      <button type="button" class="button" onClick={toLogIn}>
        {m.settings.logIn}
      </button>
    </div>
  );
}
