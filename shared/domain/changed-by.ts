import type { TicketState } from './ticket/state.ts';
import { parseKey, type FoldedRow } from './projection.ts';
import { eventTypes } from './registry.ts';

/**
 * The other entities that facts of this stream have changed, as its own row remembers them: whoever takes the stream away
 * has to fold those anew too. `undefined` when the row does not remember all of them.
 */
export function changedBy({ key, state }: FoldedRow): readonly string[] | undefined {
  const noun = parseKey(key)?.noun;
  if (noun === 'ticket')
    return (state as TicketState).swaps.flatMap(({ data }) => eventTypes['part.swapped'].touches(data));
  // It knows the ticket that it is taken for now, not all that it ever was.
  return noun === 'unit' ? undefined : [];
}
