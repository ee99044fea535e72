import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { waitBeforeQuit } from './quit.ts';

function application(close: () => Promise<void>, limitMs = 60_000) {
  const app = new EventEmitter();
  const log: string[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const quit = () => {
    let held = false;
    app.emit('before-quit', { preventDefault: () => (held = true) });
    if (!held) resolve();
    return held;
  };
  waitBeforeQuit(Object.assign(app, { quit }) as never, {
    close,
    limitMs,
    onUnfinished: (reason) => log.push(reason),
  });
  return { quit, ended, log };
}

describe('quitting', () => {
  it('waits for the host, and asks it once', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let asked = 0;
    const { quit, ended, log } = application(() => {
      asked++;
      return promise;
    });
    expect([quit(), quit(), asked]).toEqual([true, true, 1]);
    resolve();
    await ended;
    expect(log).toEqual([]);
  });

  it('does not wait for ever', async () => {
    const { quit, ended, log } = application(() => new Promise(() => undefined), 10);
    quit();
    await ended;
    expect(log).toEqual(['the host was not done after 10 ms']);
  });

  it('ends all the same when the host fails', async () => {
    const { quit, ended, log } = application(() => Promise.reject(new Error('disk')));
    quit();
    await ended;
    expect(log).toEqual(['Error: disk']);
  });
});
