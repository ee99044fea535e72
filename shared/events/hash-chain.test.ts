import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aTicket } from '#test/support/ticket-builder.ts';
import { canonicalJson, findChainBreaks, hashEvent } from './hash-chain.ts';

it('[EV6] a fact has the same bytes in whatever order its keys came', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).toReversed());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
    }),
  );
});

it('[EV6] a chain as it was made has no break', () => {
  expect(findChainBreaks(aTicket().graded('P1').assigned().accepted().events)).toEqual([]);
});

it('[E4] one changed byte in any fact but the last breaks the chain at the next one', () => {
  const { events } = aTicket().graded('P1').assigned().accepted().diagnosing();
  for (let index = 0; index < events.length - 1; index++) {
    const forged = events.map((event, at) => (at === index ? { ...event, actor: `${event.actor}.` } : event));
    expect(findChainBreaks(forged)[0]?.event.id).toBe(events[index + 1]!.id);
    expect(hashEvent(forged[index]!)).not.toBe(hashEvent(events[index]!));
  }
});

it('[EV6] a fact taken out of the middle is found', () => {
  const { events } = aTicket().graded('P1').assigned().accepted();
  expect(findChainBreaks(events.toSpliced(1, 1))).toHaveLength(1);
});
