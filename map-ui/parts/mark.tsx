/** Shape and word of a state; the colour only repeats them. */
export function Mark({ shape, word, tone, size }: { shape: string; word: string; tone: "ok" | "watch" | "act" | "none"; size: "badge" | "line" }) {
  return (
    <span class={`mark mark--${size}`} data-tone={tone}>
      <span class="mark__shape" aria-hidden="true">
        {shape}
      </span>
      <span class="mark__word">{word}</span>
    </span>
  );
}
