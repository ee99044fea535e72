import type { EventDraft } from '#shared/events/envelope.ts';
import type { DecideContext } from '#shared/domain/refusal.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import type { Random } from './random.ts';

/** A fact as a newer version of the program writes it: of a type, a version or with a field that nobody here knows. */
export function newerFact(context: DecideContext, ticket: TicketState, random: Random): EventDraft {
  const { id, scope } = ticket;
  const place = { id: context.newId(), stream: `ticket/${id}`, scope };
  const text = `备注 ${random.int(1000)}`;
  const more = { outlook: { wind: [3, 4.5, null], 晴: true }, text };
  switch (random.weighted({ type: 2, version: 1, field: 1 })) {
    case 'type':
      return { ...place, type: 'ticket.weatherNoted', v: 1, data: more };
    case 'version':
      return { ...place, type: 'ticket.noteAdded', v: 7, data: more };
    case 'field':
      return { ...place, type: 'ticket.noteAdded', v: 1, data: { ...more, text } };
  }
}
