import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatTicketNumber, isTicketNumber } from './number.ts';

it('[T7] a number reads as device, running number and check character', () => {
  expect(formatTicketNumber('SZ03', 172)).toMatch(/^SZ03-00172[0-9A-Z]$/);
  expect(isTicketNumber(formatTicketNumber('SZ03', 172).toLowerCase())).toBe(true);
});

it('[T7] one wrong character is always found', () => {
  const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9_999_999 }), fc.nat(), fc.nat(), (running, at, to) => {
      const number = formatTicketNumber('SZ03', running);
      const places = [...number].flatMap((character, index) => (character === '-' ? [] : [index]));
      const place = places[at % places.length]!;
      const wrong = ALPHABET[to % ALPHABET.length]!;
      fc.pre(wrong !== number[place]);
      expect(isTicketNumber(number.slice(0, place) + wrong + number.slice(place + 1))).toBe(false);
    }),
  );
});

it('[T7] no two running numbers of a device read the same', () => {
  const numbers = Array.from({ length: 2000 }, (_, index) => formatTicketNumber('SZ03', index + 1));
  expect(new Set(numbers).size).toBe(2000);
});
