import type { ComponentChildren } from "preact";
import { hrefOf, navigate, type Selected, type View } from "../state/view.ts";

interface Props {
  readonly to: Partial<View>;
  readonly class?: string;
  readonly current?: "page" | "true" | undefined;
  readonly children: ComponentChildren;
}

/** A real link (open in a new tab, copy the address) that changes the view without loading the page anew. */
export function ViewLink({ to, children, current, class: className }: Props) {
  return (
    <a
      href={hrefOf(to)}
      class={className ?? ""}
      aria-current={current}
      data-thing={to.selected ? thingOf(to.selected) : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        navigate(to, "push");
      }}
    >
      {children}
    </a>
  );
}

const thingOf = ({ kind, id }: Selected): string => `${kind}|${id}`;

/** Puts the reader back on the link to what was just looked at, if it is on the screen. */
export function focusLinkTo(target: Selected): void {
  document.querySelector<HTMLElement>(`[data-thing="${CSS.escape(thingOf(target))}"]`)?.focus();
}
