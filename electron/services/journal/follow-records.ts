import type { DomainEvent } from '#shared/events/envelope.ts';
import type { GroupCommit } from './group-commit.ts';
import { readRecords } from './read-records.ts';
import type { JournalRecord } from './record.ts';

/** All facts of the journal in `dir`, each once, in the order they were written; `streams` keeps only those of some streams. */
export async function* readEvents(
  dir: string,
  commits: GroupCommit,
  streams?: ReadonlySet<string>,
): AsyncGenerator<DomainEvent> {
  const seen = new Set<string>();
  for await (const record of readRecords(dir, await commits.settled())) {
    if (record.k !== 'events') continue;
    for (const event of record.events) {
      if (seen.has(event.id) || (streams !== undefined && !streams.has(event.stream))) continue;
      seen.add(event.id);
      yield event;
    }
  }
}

/** With `replay` every record so far, then `live`, then each new record once it is on the disk: without a gap, each once. */
export async function* followRecords(
  dir: string,
  commits: GroupCommit,
  { replay, signal }: { replay: boolean; signal: AbortSignal },
): AsyncGenerator<JournalRecord | 'live'> {
  const fresh: JournalRecord[] = [];
  let wake: (() => void) | undefined;
  const listener = (record: JournalRecord): void => {
    fresh.push(record);
    wake?.();
  };
  const stop = (): void => wake?.();
  const end = await commits.settled(() => commits.listeners.add(listener));
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (replay) yield* readRecords(dir, end);
    yield 'live';
    while (!signal.aborted) {
      const next = fresh.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (signal.aborted || fresh.length > 0) resolve();
      });
    }
  } finally {
    commits.listeners.delete(listener);
    signal.removeEventListener('abort', stop);
  }
}
