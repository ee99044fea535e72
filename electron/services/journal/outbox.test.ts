import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Verdict } from '#shared/sync/protocol.ts';
import { Outbox, type OutboxItem } from './outbox.ts';

const fact = (id: string): DomainEvent => ({
  id,
  stream: 'ticket/1',
  scope: 'org',
  type: 'ticket.noted',
  v: 1,
  data: {},
  hlc: '',
  at: '',
  tz: '',
  clock: { monotonicMs: 0, bootId: '' },
  actor: '',
  device: '',
  prev: '',
});

/** The same, sorted anew each time it is asked. */
class SimpleOutbox {
  readonly #all: string[] = [];
  readonly #open = new Map<string, OutboxItem>();

  items(): OutboxItem[] {
    return [...this.#open.values()].sort(
      (a, b) => this.#all.indexOf(a.event.id) - this.#all.indexOf(b.event.id),
    );
  }
  add(event: DomainEvent): void {
    this.#all.push(event.id);
    this.#open.set(event.id, { event, verdict: null, state: 'waiting' });
  }
  judge(item: OutboxItem): void {
    this.#open.set(item.event.id, item);
  }
  settle(id: string): void {
    this.#open.delete(id);
  }
  reopen(event: DomainEvent): void {
    this.#open.set(event.id, { event, verdict: null, state: 'waiting', again: true });
  }
}

const actions = array(
  record({
    act: constantFrom('add', 'judge', 'settle', 'reopen', 'look'),
    which: integer({ min: 0, max: 200 }),
  }),
  { maxLength: 200 },
);

test('[J13][J14] keeps the order of writing whatever is settled and offered again, as if it were sorted each time', () => {
  assert(
    property(actions, (steps) => {
      const [outbox, simple] = [new Outbox(), new SimpleOutbox()];
      const facts: DomainEvent[] = [];
      for (const { act, which } of steps) {
        const known = facts[which % Math.max(facts.length, 1)];
        for (const one of [outbox, simple]) {
          if (act === 'add') one.add(fact(`fact-${facts.length}`));
          else if (act === 'settle' && known !== undefined) one.settle(known.id);
          else if (act === 'reopen' && known !== undefined) one.reopen(known);
          else if (act === 'judge' && known !== undefined && outbox.has(known.id)) {
            const verdict: Verdict = { id: known.id, verdict: 'refused', code: 'x.y' };
            one.judge({ event: known, verdict, state: 'refused' });
          } else if (act === 'look') one.items();
        }
        if (act === 'add') facts.push(fact(`fact-${facts.length}`));
        expect(outbox.items()).toEqual(simple.items());
      }
    }),
    { numRuns: 60 },
  );
});

test('[J13] the list is the same one until something changes', () => {
  const outbox = new Outbox();
  outbox.add(fact('a'));
  const before = outbox.items();
  expect(outbox.items()).toBe(before);
  outbox.settle('unknown');
  expect(outbox.items()).toBe(before);
  outbox.add(fact('b'));
  expect([before.length, outbox.items().length]).toEqual([1, 2]);
});
