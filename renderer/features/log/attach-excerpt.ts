import type { Refusal } from '#shared/domain/refusal.ts';
import { actOnTicket } from '../../app/act.ts';
import type { Desk } from '../../app/desk.ts';
import type { LineSource } from './line-source.ts';
import { rangesOf, type Marks } from './marks.ts';

/** Ranges one excerpt may have. */
const MOST_RANGES = 1000;

/**
 * Makes the marked lines evidence of a ticket: the original bytes into the blob store, then the event that
 * names their hash and all that says where they come from. `filter` is the search they were found by.
 * @returns the refusal if the ticket does not take it now.
 * @throws HostError of logs, blobs or the journal.
 */
export async function attachExcerpt(
  desk: Desk,
  ticketId: string,
  source: LineSource,
  marks: Marks,
  filter: string | undefined,
): Promise<Refusal | undefined> {
  const taken = await source.excerpt(rangesOf(marks).slice(0, MOST_RANGES));
  const { sha256, size } = await desk.host.blobs.put({ bytes: taken.bytes });
  const decision = await actOnTicket(desk, ticketId, {
    do: 'attach',
    data: {
      kind: 'excerpt',
      name: excerptName(source.name, marks),
      sha256,
      size,
      mediaType: 'text/plain',
      source: { ...taken.source, ...(filter !== undefined && { filter }) },
    },
  });
  return decision.ok ? undefined : decision.refusal;
}

/** `alarm.log 120-129`, or with the count where lines have no numbers. */
function excerptName(name: string, marks: Marks): string {
  const numbers = [...marks.values()].map(({ line }) => line);
  const known = numbers.filter((line) => line !== null);
  if (known.length !== numbers.length || known.length === 0) return `${name} (${marks.size})`;
  const first = Math.min(...known);
  const last = Math.max(...known);
  return first === last ? `${name} ${first}` : `${name} ${first}-${last}`;
}
