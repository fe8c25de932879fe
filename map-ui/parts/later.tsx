import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A part of the page whose code is fetched when it is first shown. Until then, and when it cannot be fetched, there is nothing in its place. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Later(props: P) {
    const [Part, show] = useState<{ readonly of: ComponentType<P> } | null>(loaded && { of: loaded });
    useEffect(() => {
      if (Part) return;
      let current = true;
      load().then(
        (part) => {
          loaded = part;
          if (current) show({ of: part });
        },
        () => {}, // offline: the rest of the panel stands without it, and it is tried again when the panel is opened again
      );
      return () => {
        current = false;
      };
    }, [Part]);
    return Part ? <Part.of {...props} /> : null;
  };
}
