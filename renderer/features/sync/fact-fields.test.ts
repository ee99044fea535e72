import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFields, writeFields } from './fact-fields.ts';

const textsOf = (data: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(readFields(data).map(({ name, text }) => [name, text]));

describe('the fields of a refused fact', () => {
  it('give back what they were filled with when nobody touched them', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), (data) => {
        expect(writeFields(data, textsOf(data))).toEqual(JSON.parse(JSON.stringify(data)));
      }),
      { examples: [[JSON.parse('{"__proto__":1}') as Record<string, never>]] },
    );
  });

  it('keep the kind of a value: a number stays one, and nonsense is no number', () => {
    const data = { text: 'a', count: 3, slot: { id: 'R1' } };
    expect(writeFields(data, { ...textsOf(data), text: '12', count: '4' })).toEqual({
      text: '12',
      count: 4,
      slot: { id: 'R1' },
    });
    expect(writeFields(data, { ...textsOf(data), count: 'four' })).toBeUndefined();
    expect(writeFields(data, { ...textsOf(data), slot: '"R1"' })).toBeUndefined();
  });
});
