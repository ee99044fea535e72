import { expect, it } from 'vitest';
import { PushQueue } from './push-queue.ts';

/** Work that runs until it is told to end. */
class Held {
  readonly started: string[] = [];
  readonly #ends = new Map<string, () => void>();

  work(name: string): () => Promise<string> {
    return () => {
      this.started.push(name);
      return new Promise((resolve) => this.#ends.set(name, () => resolve(name)));
    };
  }

  end(name: string): void {
    this.#ends.get(name)?.();
  }
}

it('[SY68] runs so many pushes of a tenant, lets so many wait in their order, and turns the rest away', async () => {
  const queue = new PushQueue({ running: 2, waiting: 2 });
  const held = new Held();
  const runs = ['a', 'b', 'c', 'd'].map((name) => queue.run('t1', held.work(name)));
  await expect(queue.run('t1', held.work('e'))).rejects.toMatchObject({
    status: 503,
    code: 'server.busy',
    retryAfter: expect.any(Number),
  });
  // Another tenant does not wait for this one.
  const other = queue.run('t2', held.work('x'));
  expect(held.started).toEqual(['a', 'b', 'x']);
  held.end('b');
  await runs[1];
  expect(held.started).toEqual(['a', 'b', 'x', 'c']);
  held.end('a');
  await runs[0];
  for (const name of ['c', 'd', 'x']) held.end(name);
  expect(await Promise.all([...runs, other])).toEqual(['a', 'b', 'c', 'd', 'x']);
});

it('[SY68] gives the place on when a push fails', async () => {
  const queue = new PushQueue({ running: 1, waiting: 1 });
  const failing = queue.run('t1', () => Promise.reject(new Error('lost')));
  const next = queue.run('t1', () => Promise.resolve('done'));
  await expect(failing).rejects.toThrow('lost');
  expect(await next).toBe('done');
  expect(await queue.run('t1', () => Promise.resolve('again'))).toBe('again');
});
