import { expect, it } from 'vitest';
import { InputQueue } from './input-queue.ts';

/** A device that takes a call when it is told to. */
function device() {
  const got: string[] = [];
  const waiting: Array<() => void> = [];
  const send = (data: Uint8Array): Promise<void> => {
    got.push(new TextDecoder().decode(data));
    return new Promise((resolve) => waiting.push(resolve));
  };
  const take = async (): Promise<void> => {
    waiting.shift()?.();
    await Promise.resolve().then(() => undefined);
    await Promise.resolve();
  };
  return { got, send, take };
}

it('sends what is typed in order, and what is typed meanwhile in one piece', async () => {
  const { got, send, take } = device();
  const queue = new InputQueue(send, () => undefined);
  for (const key of ['s', 'h', 'o', 'w']) queue.push(key);
  expect(got).toEqual(['s']);
  await take();
  expect(got).toEqual(['s', 'how']);
});

it('lets Ctrl+C overtake a paste and drops the rest of it', async () => {
  const { got, send, take } = device();
  const queue = new InputQueue(send, () => undefined);
  queue.push('x'.repeat(100_000));
  queue.push('\u0003');
  expect(got.map(({ length }) => length)).toEqual([16 * 1024, 1]);
  await take();
  await take();
  expect(got).toHaveLength(2);
});

it('tells of a failure and goes on with what is typed after it', async () => {
  const failures: unknown[] = [];
  let isBroken = true;
  const got: number[] = [];
  const queue = new InputQueue(
    async (data) => {
      if (isBroken) throw new Error('gone');
      got.push(data.length);
    },
    (thrown) => failures.push(thrown),
  );
  queue.push('a');
  await new Promise((resolve) => setImmediate(resolve));
  isBroken = false;
  queue.push('bc');
  await new Promise((resolve) => setImmediate(resolve));
  expect(failures).toHaveLength(1);
  expect(got).toEqual([2]);
});
