import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icons.tsx";
import { messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { navigate, view } from "../state/view.ts";
import { BasePanel } from "./base-panel.tsx";
import { GatewayPanel } from "./gateway-panel.tsx";
import { PlotPanel } from "./plot-panel.tsx";
import { RoverPanel } from "./rover-panel.tsx";

/** What is selected, in detail. */
export function SelectedPanel({ layout }: { layout: "phone" | "desk" }) {
  const { selected } = useSignal(view);
  if (selected === null) return null;
  const { kind, id } = selected;
  return (
    <Frame key={`${kind}|${id}`} layout={layout}>
      {kind === "plot" && <PlotPanel id={id} />}
      {kind === "base" && <BasePanel id={id} />}
      {kind === "rover" && <RoverPanel id={id} />}
      {kind === "gateway" && <GatewayPanel id={id} />}
    </Frame>
  );
}

function Frame({ layout, children }: { layout: "phone" | "desk"; children: ComponentChildren }) {
  const m = useSignal(messages);
  const frame = useRef<HTMLElement>(null);
  // A phone shows the panel in the place of the list: the reader's place moves with it. On a desk the table keeps the focus.
  useEffect(() => {
    if (layout !== "phone") return;
    frame.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [layout]);
  return (
    <article ref={frame} class="panel" tabIndex={-1}>
      <button type="button" class="button button--quiet panel__back" onClick={() => navigate({ selected: null }, "push")}>
        <Icon name={layout === "phone" ? "back" : "close"} />
        {layout === "phone" ? m.back : m.close}
      </button>
      {children}
    </article>
  );
}
