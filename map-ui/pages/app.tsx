import { useEffect, useRef } from "preact/hooks";
import { SelectedPanel } from "../panels/panel.tsx";
import { DemoBanner, LiveBanner, PlainListenerBanner, StopBanners } from "../parts/banners.tsx";
import { Header } from "../parts/header.tsx";
import { Icon, type IconName } from "../parts/icons.tsx";
import { focusLinkTo, ViewLink } from "../parts/link.tsx";
import { layout } from "../state/layout.ts";
import { groupsOf } from "../state/paddies.ts";
import { boot, config, load, messages, paddies } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { type Tab, view } from "../state/view.ts";
import { DeskPage } from "./desk.tsx";
import { LoginPage } from "./login.tsx";
import { MapPane } from "./map-page.tsx";
import { StationsPage } from "./stations.tsx";
import { TodayPage } from "./today.tsx";

export function App() {
  const state = useSignal(boot);
  useDocument();
  return (
    <>
      <DemoBanner />
      {state.kind === "loading" && <Loading />}
      {state.kind === "trouble" && <Trouble what={state.what} />}
      {state.kind === "log-in" && <LoginPage />}
      {state.kind === "ready" && <Ready />}
    </>
  );
}

/** What stands outside our root: language, title, text size, frame. Set through CSSOM, as the CSP wants. */
function useDocument(): void {
  const { lang, scalePct, tab } = useSignal(view);
  const m = useSignal(messages);
  const settings = useSignal(config);
  const kind = useSignal(layout);
  useEffect(() => {
    const root = document.documentElement;
    root.lang = lang;
    root.style.fontSize = `${scalePct}%`;
    root.dataset["layout"] = kind;
    root.dataset["tab"] = tab;
    root.dataset["mode"] = settings?.demo ? "training" : "field";
    document.title = settings ? `${settings.site.name[lang]} ${m.appName}` : m.appName;
  }, [lang, scalePct, tab, settings, kind, m]);
}

function Loading() {
  const m = useSignal(messages);
  return (
    <main class="waiting" aria-busy="true">
      {m.live.startingBanner}
    </main>
  );
}

function Trouble({ what }: { what: "offline" | "server" }) {
  const m = useSignal(messages);
  return (
    <main class="empty">
      <p role="alert">{m.error[what]}</p>
      <button type="button" class="button button--main" onClick={() => void load()}>
        {m.error.retry}
      </button>
    </main>
  );
}

function Ready() {
  const kind = useSignal(layout);
  return (
    <>
      <Header />
      <StopBanners />
      <LiveBanner />
      <PlainListenerBanner />
      <Summary />
      {kind === "desk" ? (
        <main class="page page--desk">
          <DeskPage />
        </main>
      ) : (
        <Phone />
      )}
    </>
  );
}

const TABS: readonly { tab: Tab; icon: IconName }[] = [
  { tab: "today", icon: "today" },
  { tab: "map", icon: "map" },
  { tab: "base", icon: "base" },
];

function Phone() {
  const m = useSignal(messages);
  const { tab, selected } = useSignal(view);
  const before = useRef(selected);
  useEffect(() => {
    if (selected === null && before.current !== null) focusLinkTo(before.current); // back in the list where one was
    before.current = selected;
  }, [selected]);
  return (
    <>
      <main class={`page page--${tab}`} data-panel={selected === null ? "closed" : "open"}>
        {tab === "map" && <MapPane />}
        {selected !== null && <SelectedPanel layout="phone" />}
        {selected === null && tab === "today" && <TodayPage />}
        {selected === null && tab === "base" && <StationsPage />}
      </main>
      <nav class="tabs" aria-label={m.nav.main}>
        {TABS.map(({ tab: each, icon }) => (
          <ViewLink key={each} to={{ tab: each, selected: null }} class="tabs__link" current={each === tab ? "page" : undefined}>
            <Icon name={icon} />
            {m.nav[each]}
          </ViewLink>
        ))}
      </nav>
    </>
  );
}

/** One line for those who listen: it changes only when the counts or the choice change, not each second. */
function Summary() {
  const m = useSignal(messages);
  const all = useSignal(paddies);
  const { selected } = useSignal(view);
  const { look, good } = groupsOf(all);
  const chosen = selected?.kind === "plot" ? all.find((p) => p.id === selected.id) : undefined;
  const text = chosen ? `${chosen.name} ${m.mark[chosen.mark]}` : all.length > 0 ? m.today.look(look.length, look.length + good.length) : "";
  return (
    <p class="visually-hidden" aria-live="polite">
      {text}
    </p>
  );
}
