import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventBuilder, opening } from '#test/support/event-builder.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import { fold } from '../../events/fold.ts';
import { evolveTicket } from './evolve.ts';
import { promisesOf } from './promises.ts';
import { unknownTicket } from './state.ts';

const whole = () =>
  aTicket()
    .graded('P1')
    .assigned()
    .accepted()
    .pausedFor('access', 30)
    .diagnosing()
    .add('part.taken', { unitId: 'R48~1', ticketId: 't1' })
    .restored()
    .fixing()
    .explained()
    .verifying()
    .confirmed()
    .calledBack()
    .closed();

describe('the fold of a ticket', () => {
  it('[EV2] is the same for every order of arrival, and for facts that arrive twice', () => {
    const { events, state } = whole();
    fc.assert(
      fc.property(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.subarray(events),
        (shuffled, repeated) => {
          expect(fold(unknownTicket('t1'), [...shuffled, ...repeated], evolveTicket)).toEqual(state);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('[S1] gives the same clocks for every order of arrival', () => {
    const { events, state } = whole();
    const now = Date.parse('2026-03-05T00:00:00Z');
    const expected = promisesOf(state, now);
    fc.assert(
      fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (shuffled) => {
        expect(promisesOf(fold(unknownTicket('t1'), shuffled, evolveTicket), now)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('[T1] keeps work state and waiting apart', () => {
    const state = aTicket()
      .graded('P3')
      .assigned()
      .accepted()
      .add('ticket.paused', { reason: 'part', evidence: '库房' }).state;
    expect(state.work).toBe('accepted');
    expect(state.waiting?.reason).toBe('part');
  });

  it('[T2] is not led back by a fact about an earlier step that sorts later', () => {
    const state = aTicket().graded('P3').assigned().accepted().diagnosing().assigned('chen.hao').state;
    expect(state.work).toBe('diagnosing');
    expect(state.assignee).toBe('chen.hao');
  });

  it('[T2] goes back to diagnosing when it is reopened, and forgets the old confirmation', () => {
    const state = whole().add('ticket.reopened', { reason: '复发' }).state;
    expect(state.work).toBe('diagnosing');
    expect(state.confirmation).toBeUndefined();
    expect(state.steps.closed).toBeUndefined();
    expect(state.steps.accepted).toBeDefined();
  });
});

describe('two people who edit without knowing of each other', () => {
  const a = new EventBuilder('SZ03');
  const b = new EventBuilder('SZ04').after(5);
  const opened = a.make('ticket/t1', 'ticket.opened', opening());
  const first = a.make(
    'ticket/t1',
    'ticket.edited',
    { field: 'symptom', value: '甲的写法', basedOn: opened.id },
    'li.wei',
  );
  const second = b.make(
    'ticket/t1',
    'ticket.edited',
    { field: 'symptom', value: '乙的写法', basedOn: opened.id },
    'zhou.jun',
  );

  it('[EV4] the later stands, the other is kept with who wrote it', () => {
    const state = fold(unknownTicket('t1'), [second, opened, first], evolveTicket);
    expect(state.fields.symptom).toEqual({
      value: '乙的写法',
      setBy: second.id,
      actor: 'zhou.jun',
      at: second.at,
      conflicts: [{ value: '甲的写法', setBy: first.id, actor: 'li.wei', at: first.at }],
    });
  });

  it('[EV4] an edit that saw the other is no conflict', () => {
    const seen = b.make('ticket/t1', 'ticket.edited', { field: 'symptom', value: '丙', basedOn: first.id });
    expect(fold(unknownTicket('t1'), [opened, first, seen], evolveTicket).fields.symptom?.conflicts).toEqual(
      [],
    );
  });

  it('[EV4] is settled by one more edit', () => {
    const settled = b.make('ticket/t1', 'ticket.edited', {
      field: 'symptom',
      value: '甲的写法',
      basedOn: second.id,
      settles: [first.id, second.id],
    });
    const state = fold(unknownTicket('t1'), [opened, first, second, settled], evolveTicket);
    expect(state.fields.symptom).toMatchObject({ value: '甲的写法', conflicts: [] });
  });
});
