import { describe, expect, it } from 'vitest';
import { EventBuilder, opening, START } from '#test/support/event-builder.ts';
import { fold } from '../../events/fold.ts';
import type { DomainEvent } from '../../events/envelope.ts';
import { trueTimeOf } from '../../events/true-time.ts';
import { evolveTicket } from './evolve.ts';
import { momentOf, promisesOf, slaFactsOf } from './promises.ts';
import { unknownTicket, type TicketState } from './state.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** As if the device's wall clock had been off by `-offsetMs` when it wrote. */
const skewed = (event: DomainEvent, offsetMs: number, uncertaintyMs: number): DomainEvent => ({
  ...event,
  at: new Date(Date.parse(event.at) - offsetMs).toISOString(),
  clock: { ...event.clock, offsetMs, uncertaintyMs },
});

function aCriticalTicket(): DomainEvent[] {
  const builder = new EventBuilder();
  return [
    builder.make('ticket/t', 'ticket.opened', opening()),
    builder.make('ticket/t', 'ticket.graded', { impact: 'high', urgency: 'high', grade: 'P1' }),
    builder.make('ticket/t', 'ticket.assigned', { to: 'li.wei', tier: 'L1' }),
    builder.make('ticket/t', 'ticket.accepted', {}),
  ];
}
const ticketOf = (events: readonly DomainEvent[]): TicketState =>
  fold(unknownTicket('t'), events, evolveTicket);
const respond = (ticket: TicketState, now: number) =>
  promisesOf(ticket, now).find(({ promise }) => promise === 'respond');

describe('promises of a ticket whose facts a wrong clock has stamped', () => {
  it('[S9] are measured by the time it really was, when the offset to the server is known', () => {
    const events = aCriticalTicket();
    const honest = respond(ticketOf(events), START + HOUR);
    for (const offset of [70 * YEAR, -70 * YEAR, 2 * HOUR]) {
      const wrong = ticketOf(events.map((event) => skewed(event, offset, 0)));
      expect(respond(wrong, START + HOUR)).toEqual(honest);
    }
  });

  it('[S9] are disputed, not breached in silence, when the due time lies inside of what nobody knows', () => {
    const events = aCriticalTicket();
    const due = respond(ticketOf(events.slice(0, 3)), START)?.due ?? 0;
    const late = { ...events[3]!, at: new Date(due + 60_000).toISOString() };
    expect(respond(ticketOf([...events.slice(0, 3), late]), due + HOUR)?.state).toBe('breached');
    const unsure = skewed(late, 2_000, 10 * 60_000);
    expect(respond(ticketOf([...events.slice(0, 3), unsure]), due + HOUR)?.state).toBe('disputed');
  });

  /** Restored after half an hour, told half an hour later on a laptop whose clock is off. */
  const restoredOn = (offsetMs: number, toldBy: 'laptop' | 'truth') => {
    const restoredAt = START + 30 * 60_000;
    const told = new Date(toldBy === 'truth' ? restoredAt : restoredAt - offsetMs).toISOString();
    const fact = new EventBuilder()
      .after(60)
      .make('ticket/t', 'ticket.restored', { what: '复位', restoredAt: told });
    const ticket = ticketOf([...aCriticalTicket(), skewed(fact, offsetMs, 0)]);
    return promisesOf(ticket, START + 24 * HOUR).find(({ promise }) => promise === 'restore');
  };

  it('[S9] take an instant that a person gave for what it can only have been', () => {
    for (const offset of [-70 * YEAR, 56 * YEAR])
      for (const toldBy of ['laptop', 'truth'] as const)
        expect(restoredOn(offset, toldBy)).toMatchObject({
          state: 'met',
          fulfilledAt: START + 30 * 60_000,
        });
  });

  it('[S9] leave an instant open that a person may have given by either clock', () => {
    const offset = -20 * 60_000;
    expect(restoredOn(offset, 'truth')?.fulfilledAt).toBe(START + 20 * 60_000);
  });

  it('[S11] every instant that the ticket shows can be put right', () => {
    const builder = new EventBuilder();
    const events = [
      ...aCriticalTicket(),
      builder.after(10).make('ticket/t', 'ticket.diagnosisStarted', {}),
    ].map((event) => skewed(event, 56 * YEAR, 0));
    const ticket = ticketOf(events);
    expect(momentOf(ticket, ticket.openedAt).at).toBe(START + 60_000);
    expect(momentOf(ticket, ticket.steps.diagnosing?.at ?? '').at).toBe(START + 11 * 60_000);
    expect(trueTimeOf(events[0]!)).toBe(START + 60_000);
  });

  it('keep nothing of a clock that is right, and everything in any order', () => {
    const events = aCriticalTicket();
    expect(ticketOf(events.map((event) => skewed(event, 400, 100))).clockDoubts).toEqual({});
    const wrong = events.map((event) => skewed(event, HOUR, 50));
    expect(slaFactsOf(ticketOf(wrong.toReversed()))).toEqual(slaFactsOf(ticketOf(wrong)));
  });
});
