import type { ComponentChildren } from "preact";
import { hrefOf, navigate, type View } from "../state/view.ts";

interface Props {
  readonly to: Partial<View>;
  readonly class?: string;
  readonly current?: "page" | "true" | undefined;
  readonly label?: string;
  readonly children: ComponentChildren;
}

/** A real link (open in a new tab, copy the address) that changes the view without loading the page anew. */
export function ViewLink({ to, children, current, label, class: className }: Props) {
  return (
    <a
      href={hrefOf(to)}
      class={className ?? ""}
      aria-current={current}
      aria-label={label}
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
