import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isInView, ORDERS, VIEWS, type ListQuery } from './list-query.ts';
import type { TicketSummary } from './summary.ts';
import { TicketIndex } from './ticket-index.ts';

const summary: fc.Arbitrary<TicketSummary> = fc.record({
  key: fc.integer({ min: 0, max: 30 }).map((n) => `ticket/${n}`),
  number: fc.constantFrom('SZ03-1', 'SZ03-2'),
  symptom: fc.constantFrom('电池放电', 'OLT link', '空调高温'),
  customerId: fc.constantFrom('a', 'b'),
  siteId: fc.constantFrom('s', 'far'),
  assetId: fc.constant(''),
  grade: fc.constantFrom('P1', 'P2', 'P3', 'P4', undefined),
  work: fc.constantFrom('new', 'assigned', 'verifying', 'closed'),
  ended: fc.boolean(),
  assignee: fc.constantFrom('li.wei', 'zhou.jun', undefined),
  openedAt: fc.integer({ min: 0, max: 5 }),
  hasConflict: fc.constant(false),
  due: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  calledBack: fc.constant(false),
});
const query: fc.Arbitrary<ListQuery> = fc.record(
  {
    view: fc.constantFrom(...VIEWS),
    userId: fc.constantFrom('li.wei', 'zhou.jun'),
    search: fc.constantFrom('', '电池', 'olt', 'sz03 空调', 'customer-a'),
    sort: fc.constantFrom('urgency', 'newest', 'grade'),
    offset: fc.nat(10),
    limit: fc.integer({ min: 1, max: 10 }),
    siteId: fc.constantFrom('s', 'far'),
  },
  { requiredKeys: ['view', 'userId', 'search', 'sort', 'offset', 'limit'] },
);
const namedWith = (word: string) => new Set(word === 'customer-a' ? ['customer/a'] : []);

it('[ST8] a list is what filtering, sorting and cutting all tickets gives, after any changes', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(summary, query), { maxLength: 60 }), (steps) => {
      const index = new TicketIndex();
      const all = new Map<string, TicketSummary>();
      for (const step of steps) {
        if ('key' in step) {
          all.set(step.key, step);
          index.put(step);
          continue;
        }
        const words = step.search.split(' ').filter(Boolean);
        const expected = [...all.values()]
          .filter((item) => isInView(item, step.view, step.userId))
          .filter((item) => step.siteId === undefined || item.siteId === step.siteId)
          .filter((item) =>
            words.every(
              (word) =>
                `${item.number} ${item.symptom}`.toLowerCase().includes(word) ||
                namedWith(word).has(`customer/${item.customerId}`),
            ),
          )
          .sort(ORDERS[step.sort]);
        const answer = index.list(step, namedWith);
        expect(answer.items).toEqual(expected.slice(step.offset, step.offset + step.limit));
        expect(answer.total).toBe(expected.length);
        for (const view of VIEWS) {
          const count = [...all.values()].filter((item) => isInView(item, view, step.userId)).length;
          expect([view, answer.counts[view]]).toEqual([view, count]);
        }
      }
    }),
    { numRuns: 300 },
  );
});
