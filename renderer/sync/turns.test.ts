import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('[ST7] work takes turns, in the order it came', async () => {
  const turns = new Turns(new AbortController().signal);
  const told: string[] = [];
  const first = Promise.withResolvers<void>();
  const one = turns.take(async () => {
    await first.promise;
    told.push('one');
  });
  const two = turns.take(async () => {
    told.push('two');
  });
  first.resolve();
  await Promise.all([one, two]);
  expect(told).toEqual(['one', 'two']);
});

it('[ST7] a second loss ends the refill under way', async () => {
  const turns = new Turns(new AbortController().signal);
  const aborted = turns.take(
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  );
  await Promise.resolve();
  let isDone = false;
  await turns.interrupt(async () => {
    isDone = true;
  });
  await aborted;
  expect(isDone).toBe(true);
});

it('[ST7] work that fails does not hold up the next', async () => {
  const turns = new Turns(new AbortController().signal);
  await expect(turns.take(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  await turns.take(async () => undefined);
});
