import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, rename, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpenLog, type LogEvent } from '#electron/services/logs/open-log.ts';

let folder: string;
let path: string;
let log: OpenLog;
let stop: AbortController;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-follow-'));
  path = join(folder, 'app.log');
  await writeFile(path, 'one\ntwo\n');
  log = await OpenLog.open(path);
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Follows and gives a function that waits for the next event of a kind, telling those before it. */
function follow(): (kind: LogEvent['kind']) => Promise<LogEvent> {
  const events = log.follow({ signal: stop.signal, pollMs: 20 });
  return async (kind) => {
    for (;;) {
      const next = await events.next();
      if (next.done === true) throw new Error(`Following ended before "${kind}".`);
      if (next.value.kind === kind) return next.value;
    }
  };
}

async function index(): Promise<void> {
  for await (const _ of log.buildIndex()) {
    // Only the end matters here.
  }
}

const lastLine = async (): Promise<string | undefined> =>
  (await log.lines('end', 1, 'backward')).lines[0]?.text;

describe('following a log', () => {
  it('[L11] tells what was appended and keeps the line numbers up to date', async () => {
    await index();
    const next = follow();
    await appendFile(path, 'three\nfour');
    let event = await next('grown');
    while (event.size < 18) event = await next('grown');
    expect(event).toEqual({ kind: 'grown', size: 18, coveredBytes: 18, lines: 4, generation: 1 });
    expect((await log.lines('end', 1, 'backward')).lines).toMatchObject([{ text: 'four', line: 4 }]);
    await appendFile(path, ' and a half\n');
    while (event.size < 30) event = await next('grown');
    expect(event).toMatchObject({ lines: 4 });
    expect(await lastLine()).toBe('four and a half');
  });

  it('[L11] [L12] tells when the log was emptied and written anew (copytruncate)', async () => {
    const next = follow();
    await truncate(path, 0);
    const event = await next('rewritten');
    expect(event).toMatchObject({ size: 0, generation: 2, coveredBytes: 0 });
    await appendFile(path, 'anew\n');
    await next('grown');
    expect(await lastLine()).toBe('anew');
    await expect(log.excerpt([{ byteOffset: 0, byteLength: 3 }], 1)).rejects.toMatchObject({
      code: 'log.changed',
    });
  });

  it('[L11] is not fooled by a rewritten log that is longer than before', async () => {
    const next = follow();
    await writeFile(path, 'something else and longer\n');
    expect(await next('rewritten')).toMatchObject({ generation: 2 });
  });

  it('[L11] goes on in the new file after a rotation by renaming', async () => {
    const next = follow();
    await rename(path, `${path}.1`);
    await writeFile(path, 'new file\n');
    expect(await next('rotated')).toMatchObject({ size: 9, generation: 2 });
    expect(await lastLine()).toBe('new file');
    await appendFile(path, 'more\n');
    await next('grown');
    expect(await lastLine()).toBe('more');
  });

  it('[L11] does not miss what was written before the rotation', async () => {
    const events = log.follow({ signal: stop.signal, pollMs: 20 });
    await appendFile(path, 'last words\n');
    await rename(path, `${path}.1`);
    await writeFile(path, 'new file\n');
    expect((await events.next()).value).toMatchObject({ kind: 'grown', size: 19, generation: 1 });
    expect(await lastLine()).toBe('last words');
    expect((await events.next()).value).toMatchObject({ kind: 'rotated', generation: 2 });
  });

  it('[L11] keeps a deleted log readable and tells when it is gone and back', async () => {
    const next = follow();
    await rename(path, `${path}.away`);
    await next('vanished');
    expect(await lastLine()).toBe('two');
    await rename(`${path}.away`, path);
    await next('returned');
    await unlink(path);
    await next('vanished');
    await writeFile(path, 'reborn\n');
    await next('rotated');
    expect(await lastLine()).toBe('reborn');
  });

  it('[L12] ends a search when the text is replaced', async () => {
    await writeFile(path, 'hit and miss\n'.repeat(300_000));
    const next = follow();
    await next('rewritten');
    const search = log.search({ pattern: 'hit', kind: 'regex', ignoreCase: false, limit: 100_000 });
    expect((await search.next()).value).toMatchObject({ kind: 'hits' });
    await truncate(path, 0);
    await next('rewritten');
    const rest = (async () => {
      for await (const _ of search) {
        // Until it ends.
      }
    })();
    await expect(rest).rejects.toMatchObject({ code: 'log.changed' });
  });

  it('[L11] ends when a second follower comes, and when told to', async () => {
    const first = log.follow({ pollMs: 20 });
    const waiting = first.next();
    const second = log.follow({ signal: stop.signal, pollMs: 20 });
    const another = second.next();
    expect(await waiting).toMatchObject({ done: true });
    stop.abort();
    expect(await another).toMatchObject({ done: true });
  });
});
