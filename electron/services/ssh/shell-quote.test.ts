import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellQuote } from './shell-quote.ts';

test('[R24] a quoted word reaches the program as it was, whatever it holds', () => {
  const word = fc.string({ unit: fc.constantFrom(...'ab \'"$`\\;|&<>(){}*?~!#\n石') });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const script = `printf '%s\\0' ${words.map(shellQuote).join(' ')}`;
      expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(
        words,
      );
    }),
    { numRuns: 40 },
  );
  expect(() => shellQuote('a\0b')).toThrow(RangeError);
});
