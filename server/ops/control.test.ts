import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listen } from '#test/support/listen.ts';
import { askRunningServer, openControl, type Control } from './control.ts';

/** Where Node's fetch looks for what carries its requests. */
const CARRIER = Symbol.for('undici.globalDispatcher.1');
type Carrier = object & { constructor: new (options: { headersTimeout: number }) => Carrier };
const held = globalThis as unknown as Record<symbol, Carrier>;

let folder: string;
let control: Control | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-control-'));
});
afterEach(async () => {
  await control?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('[SY79] a backup may take longer than a request over the network may', async () => {
  const finished = Promise.withResolvers<void>();
  control = await openControl(folder, async () => {
    await finished.promise;
    return 'made';
  });
  const mute = createServer(() => undefined);
  const port = await listen(mute);
  // Five minutes in Node; nobody waits for them here.
  await fetch('data:,');
  const usual = held[CARRIER]!;
  held[CARRIER] = new usual.constructor({ headersTimeout: 50 });
  try {
    const asked = askRunningServer(folder, 'backup', {});
    asked.catch(() => undefined);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow('fetch failed');
    finished.resolve();
    expect(await asked).toBe('made');
  } finally {
    held[CARRIER] = usual;
    mute.closeAllConnections();
    mute.close();
  }
});

test('[SY79] what the server refuses is said with its own sentence, and a server that has gone is an error', async () => {
  control = await openControl(folder, async (name) => {
    throw new RangeError(`There is no operation "${name}".`);
  });
  await expect(askRunningServer(folder, 'typo', {})).rejects.toThrow('There is no operation "typo".');
  control = await openControl(folder, () => new Promise(() => undefined));
  const asked = askRunningServer(folder, 'backup', {});
  asked.catch(() => undefined);
  await control.stop();
  await expect(asked).rejects.toThrow();
});
