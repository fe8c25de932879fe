import { useState } from "preact/hooks";
import { logIn } from "../live/api-client.ts";
import { boot, config, me, messages, reload } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { navigate, view } from "../state/view.ts";

type Attempt = "none" | "busy" | "wrong" | "too-many" | "offline" | "server";

export function LoginPage() {
  const m = useSignal(messages);
  const { lang } = useSignal(view);
  const site = useSignal(config)?.site.name[lang] ?? "";
  const mayLook = useSignal(me)?.access === "demo";
  const [attempt, setAttempt] = useState<Attempt>("none");

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setAttempt("busy");
    const answer = await logIn(String(form.get("username")), String(form.get("password")));
    if (answer.kind === "ok") await reload();
    else if (answer.kind === "offline" || answer.kind === "server" || answer.kind === "too-many") setAttempt(answer.kind);
    else setAttempt("wrong");
  }

  const trouble = { none: "", busy: "", wrong: m.login.wrong, "too-many": m.login.tooMany, offline: m.error.offline, server: m.error.server }[attempt];
  const otherLang = lang === "ja" ? "en" : "ja";
  return (
    <main class="login">
      <p class="login__site">{site}</p>
      <h1>{m.login.title}</h1>
      <p>{m.login.lead}</p>
      <form class="login__form" onSubmit={(event) => void submit(event)}>
        <label>
          <span>{m.login.username}</span>
          <input class="input" name="username" autocomplete="username" autocapitalize="none" required />
        </label>
        <label>
          <span>{m.login.password}</span>
          <input class="input" name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="login__trouble" role="alert">
          {trouble}
        </p>
        <button type="submit" class="button button--main" disabled={attempt === "busy"}>
          {attempt === "busy" ? m.login.busy : m.login.submit}
        </button>
      </form>
      <div class="login__more">
        {mayLook && (
          <button
            type="button"
            class="button button--quiet"
            onClick={() => {
              boot.value = { kind: "ready" };
            }}
          >
            {m.login.back}
          </button>
        )}
        <button type="button" class="button button--quiet" lang={otherLang} onClick={() => navigate({ lang: otherLang }, "replace")}>
          {m.otherLangName}
        </button>
      </div>
    </main>
  );
}
