import type { ReadonlySignal } from "@preact/signals-core";
import { useEffect, useState } from "preact/hooks";

/** Renders the component again when the signal changes, and returns its newest value. */
export function useSignal<T>(signal: ReadonlySignal<T>): T {
  const [, rendered] = useState<{ value: T }>({ value: signal.peek() });
  useEffect(
    () =>
      signal.subscribe((value) => {
        rendered((before) => (before.value === value ? before : { value }));
      }),
    [signal],
  );
  return signal.peek();
}
