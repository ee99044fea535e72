import { describe, expect, it } from 'vitest';
import { eventTypes } from './registry.ts';

/** Data of any event: whatever one asks of it is there. */
const anything: object = new Proxy(
  {},
  { get: (_, name) => (name === Symbol.toPrimitive ? () => 'x' : anything) },
);

describe('what the facts of a stream change besides it', () => {
  it('[ST15] is known for every kind of fact that changes more than its own entity', () => {
    const farReaching = Object.entries(eventTypes).flatMap(([name, { touches }]) =>
      (touches as (data: unknown) => readonly string[])(anything).length > 0 ? [name] : [],
    );
    // Of a ticket only the swap, which its row remembers; the others are facts of units.
    expect(farReaching).toEqual(['part.moved', 'part.taken', 'part.returned', 'part.swapped']);
  });
});
