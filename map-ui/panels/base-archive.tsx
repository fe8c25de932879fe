import { useState } from "preact/hooks";
import { type ArchiveHour, archiveHref, fetchArchive } from "../live/corrections-client.ts";
import { clocks } from "../state/store.ts";
import { truthMessages } from "../state/truth.ts";
import { useSignal } from "../state/use-signal.ts";

const SHOWN_MAX = 48; // hours; a script takes the rest from the API

/** Raw files of the base, for RINEX: asked for only when wanted. */
export function BaseArchive({ baseId }: { baseId: string }) {
  const t = useSignal(truthMessages);
  const [files, setFiles] = useState<readonly ArchiveHour[] | "failed" | null>(null);
  const load = async (): Promise<void> => {
    const answer = await fetchArchive(baseId);
    setFiles(answer.kind === "ok" ? answer.value.files : "failed");
  };
  return (
    <>
      <h4>{t.archive.title}</h4>
      {files === null && (
        <button type="button" class="button" onClick={() => void load()}>
          {t.archive.show}
        </button>
      )}
      {files === "failed" && <p role="status">{t.archive.failed}</p>}
      {files !== null && files !== "failed" && <Files baseId={baseId} files={files} />}
    </>
  );
}

function Files({ baseId, files }: { baseId: string; files: readonly ArchiveHour[] }) {
  const t = useSignal(truthMessages);
  const clock = useSignal(clocks);
  if (files.length === 0) return <p>{t.archive.none}</p>;
  return (
    <>
      <ul class="archive">
        {files.slice(0, SHOWN_MAX).map((file) => (
          <li key={file.name}>
            <a class="button button--quiet" href={archiveHref(baseId, file.name)} download>
              {clock.dayTime(Date.parse(file.from))} ({t.archive.size((file.bytes / 1e6).toFixed(1))}
              {file.complete ? "" : `, ${t.archive.now}`})
            </a>
          </li>
        ))}
      </ul>
      {files.length > SHOWN_MAX && <p>{t.archive.more(files.length - SHOWN_MAX)}</p>}
    </>
  );
}
