import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aTicket } from '#test/support/ticket-builder.ts';
import { foldEntity, foldOnto, unknownRow } from './projection.ts';

const { events } = aTicket()
  .graded('P2')
  .assigned()
  .accepted()
  .diagnosing()
  .restored()
  .explained()
  .verifying();

it('[EV3] folding in two helpings gives what one helping gives, wherever it is cut', () => {
  const whole = foldEntity('ticket/t1', events)!;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: events.length }), (cut) => {
      const first = foldOnto(unknownRow('ticket/t1')!, events.slice(0, cut)).row;
      expect(foldOnto(first, events.slice(cut))).toEqual({ row: whole, late: false });
    }),
  );
});

it('[EV3] a fact that sorts before the row is reported as late and not folded on top', () => {
  const row = foldEntity('ticket/t1', events.slice(1))!;
  expect(foldOnto(row, [events[0]!])).toEqual({ row, late: true });
});

it('[EV5] a fact of a newer version makes the ticket read-only instead of being guessed at', () => {
  const newer = {
    ...events.at(-1)!,
    id: 'ffffffff-ffff-7fff-8fff-ffffffffffff',
    hlc: 'zzzzzzzzz-0000-SZ03',
    v: 99,
  };
  expect(foldEntity('ticket/t1', [...events, newer])?.state).toMatchObject({
    needsUpdate: true,
    work: 'verifying',
  });
});
