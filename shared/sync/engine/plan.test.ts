import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_PUSH_BYTES, MAX_PUSH_EVENTS } from '../protocol.ts';
import { holdBack, nextBatch, type OutboxFact, undeliveredCount } from './plan.ts';
import { NO_TURN } from './state.ts';

interface Sized extends OutboxFact {
  readonly bytes: number;
}
const fact = (id: string, stream: string, state: OutboxFact['state'] = 'waiting', bytes = 100): Sized => ({
  event: { id, stream },
  state,
  bytes,
});
const rules = { turn: NO_TURN, isHandingOver: false, bytesOf: ({ bytes }: Sized) => bytes };
const idsOf = (items: readonly OutboxFact[]): string[] => items.map(({ event }) => event.id);

const outbox = [
  fact('a', 't/1', 'refused'),
  fact('b', 't/1'),
  fact('c', 't/2', 'notDurable'),
  fact('d', 't/2'),
  fact('e', 't/3'),
];

test('[SY82] what is behind a refused fact waits, other streams go, and what the server has goes with a poll only', () => {
  expect(idsOf(nextBatch(outbox, rules))).toEqual(['d', 'e']);
  expect(idsOf(nextBatch(outbox, { ...rules, turn: { ...NO_TURN, isPoll: true } }))).toEqual(['c', 'd', 'e']);
  expect(idsOf(nextBatch(outbox, { ...rules, isHandingOver: true }))).toEqual(['b', 'd', 'e']);
  expect(holdBack(outbox).map(({ state }) => state)).toEqual([
    'refused',
    'held',
    'notDurable',
    'waiting',
    'waiting',
  ]);
});

test('[SY86] what was refused by a server that may forget it goes with a poll again before a wipe, and counts as undelivered', () => {
  const forgettable = [{ ...fact('a', 't/1', 'refused'), isForgettable: true }, fact('b', 't/1', 'refused')];
  const poll = { ...rules, turn: { ...NO_TURN, isPoll: true } };
  expect(nextBatch(forgettable, poll)).toEqual([]);
  expect(nextBatch(forgettable, { ...rules, isHandingOver: true })).toEqual([]);
  expect(idsOf(nextBatch(forgettable, { ...poll, isHandingOver: true }))).toEqual(['a']);
  expect(undeliveredCount(forgettable)).toBe(1);
});

test('[SY82] a turn leaves out what it has offered, and whole streams that have to wait', () => {
  const turn = { ...NO_TURN, skipIds: ['d'], skipStreams: ['t/3'] };
  expect(nextBatch(outbox, { ...rules, turn })).toEqual([]);
  expect(idsOf(nextBatch(outbox, { ...rules, turn: { ...NO_TURN, limit: 1 } }))).toEqual(['d']);
});

test('[SY82] a batch is never too large but for a single fact, keeps the order, and is empty only when nothing may go', () => {
  const item = fc.record({
    stream: fc.nat(5),
    bytes: fc.oneof(fc.nat(2_000), fc.integer({ min: 200_000, max: 1_500_000 })),
    state: fc.constantFrom('waiting' as const, 'waiting', 'waiting', 'refused', 'notDurable'),
  });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 400 }), (items) => {
      const all = items.map(({ stream, bytes, state }, i) => fact(`${i}`, `t/${stream}`, state, bytes));
      const batch = nextBatch(all, rules);
      const size = batch.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(batch.length).toBeLessThanOrEqual(MAX_PUSH_EVENTS);
      if (batch.length > 1) expect(size).toBeLessThan(MAX_PUSH_BYTES);
      expect(idsOf(batch)).toEqual(idsOf(batch).toSorted((a, b) => Number(a) - Number(b)));
      const mayGo = holdBack(all).filter(({ state }) => state === 'waiting');
      expect(batch.length > 0).toBe(mayGo.length > 0);
    }),
  );
});
