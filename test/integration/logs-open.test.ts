import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, chmod, mkdir, open, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encode } from 'iconv-lite';
import { listFolder } from '#electron/services/logs/list-folder.ts';
import { OpenLog } from '#electron/services/logs/open-log.ts';

let folder: string;
const opened: OpenLog[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-logs-'));
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function aLog(content: string | Uint8Array, name = 'app.log'): Promise<OpenLog> {
  const path = join(folder, name);
  await writeFile(path, content);
  return openLog(path);
}

async function openLog(path: string): Promise<OpenLog> {
  const log = await OpenLog.open(path);
  opened.push(log);
  return log;
}

async function indexed(log: OpenLog): Promise<OpenLog> {
  for await (const _ of log.buildIndex()) {
    // Only the end matters here.
  }
  return log;
}

const texts = (page: { lines: { text: string }[] }): string[] => page.lines.map((line) => line.text);

describe('opening a log', () => {
  it('[L1] refuses a folder, a missing file, a path through a file, a loop of links and a pipe', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'x');
    await symlink(join(folder, 'loop'), join(folder, 'loop'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const refusal = async (path: string): Promise<unknown> =>
      OpenLog.open(path).catch((error: unknown) => error);
    expect(await refusal(folder)).toMatchObject({ code: 'log.isDirectory' });
    expect(await refusal(join(folder, 'none'))).toMatchObject({ code: 'log.notFound' });
    expect(await refusal(join(file, 'below'))).toMatchObject({ code: 'log.notFound' });
    expect(await refusal(join(folder, 'loop'))).toMatchObject({ code: 'log.notFound' });
    expect(await refusal(join(folder, 'pipe'))).toMatchObject({ code: 'log.notAFile' });
    expect(await refusal('/dev/null')).toMatchObject({ code: 'log.notAFile' });
  });

  it.skipIf(process.getuid?.() === 0)('[L1] refuses a file that the account may not read', async () => {
    const path = join(folder, 'secret.log');
    await writeFile(path, 'x');
    await chmod(path, 0);
    await expect(OpenLog.open(path)).rejects.toMatchObject({ code: 'log.unreadable' });
  });

  it('[L2] shows the first lines, the last lines and any place without an index', async () => {
    const log = await aLog(Array.from({ length: 50_000 }, (_, i) => `line ${i + 1}\n`).join(''));
    expect(texts(await log.lines({ byteOffset: 0 }, 3, 'forward'))).toEqual(['line 1', 'line 2', 'line 3']);
    expect(texts(await log.lines('end', 2, 'backward'))).toEqual(['line 49999', 'line 50000']);
    const middle = await log.lines({ byteOffset: Math.floor(log.size / 2) }, 1, 'forward');
    expect(middle.lines[0]).toMatchObject({ text: expect.stringMatching(/^line \d+$/), line: null });
  });

  it('[L5] numbers lines as soon as the index reaches them', async () => {
    const log = await aLog(Array.from({ length: 50_000 }, (_, i) => `line ${i + 1}\n`).join(''));
    await expect(log.lines({ line: 40_000 }, 1, 'forward')).rejects.toMatchObject({ code: 'log.notIndexed' });
    await indexed(log);
    expect(log.indexState()).toMatchObject({ coveredBytes: log.size, lines: 50_000 });
    const page = await log.lines({ line: 40_000 }, 2, 'forward');
    expect(page.lines).toMatchObject([
      { text: 'line 40000', line: 40_000 },
      { text: 'line 40001', line: 40_001 },
    ]);
    expect((await log.lines('end', 1, 'backward')).lines).toMatchObject([{ line: 50_000 }]);
    expect(await log.lines({ line: 50_001 }, 1, 'forward')).toMatchObject({ lines: [], atEnd: true });
  });

  it('[L6] tells progress, and stops when cancelled with what it has', async () => {
    const line = `${'x'.repeat(127)}\n`;
    const log = await aLog(line.repeat(1_000_000));
    const controller = new AbortController();
    const seen: number[] = [];
    const run = (async () => {
      for await (const state of log.buildIndex(controller.signal)) {
        seen.push(state.coveredBytes);
        controller.abort();
      }
    })();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen[0]).toBeLessThan(log.size);
    expect((await log.lines({ line: 2 }, 1, 'forward')).lines[0]?.byteOffset).toBe(128);
    await indexed(log);
    expect(log.indexState().lines).toBe(1_000_000);
  });

  it('[L5] finds lines behind 4 GiB', async () => {
    const path = join(folder, 'huge.log');
    const handle = await open(path, 'w');
    const hole = 4 * 2 ** 30 + 12_345;
    await handle.write('first\n', 0);
    await handle.write('\nbehind the hole\nlast', hole);
    await handle.close();
    const log = await openLog(path);
    expect(texts(await log.lines('end', 2, 'backward'))).toEqual(['behind the hole', 'last']);
    const before = await log.lines({ byteOffset: hole - 5 }, 2, 'forward');
    expect(before.lines[0]).toMatchObject({ startKnown: false, truncated: false });
    await indexed(log);
    expect(log.indexState().lines).toBe(4);
    expect((await log.lines({ line: 3 }, 1, 'forward')).lines[0]).toMatchObject({
      text: 'behind the hole',
      byteOffset: hole + 1,
    });
    // A line of 4 GiB: cut, and with the index its true range.
    expect((await log.lines({ line: 2 }, 1, 'forward')).lines[0]).toMatchObject({
      byteOffset: 6,
      byteLength: hole + 1 - 6,
      truncated: true,
      startKnown: true,
      endKnown: true,
    });
  });

  it('[L7] guesses GB18030 and begins anew in another encoding', async () => {
    const text = '整流模块故障\n恢复正常\n';
    const log = await indexed(await aLog(encode(text, 'gb18030')));
    expect(log.encoding).toBe('gb18030');
    expect(texts(await log.lines({ byteOffset: 0 }, 9, 'forward'))).toEqual(['整流模块故障', '恢复正常']);
    const { generation } = log;
    log.setEncoding('windows-1252');
    expect(log.generation).toBe(generation + 1);
    expect(log.indexState()).toMatchObject({ coveredBytes: 0 });
    expect(texts(await log.lines({ byteOffset: 0 }, 1, 'forward'))[0]).toMatch(/^Õû/);
  });

  it('[L7] reads UTF-16 with line numbers', async () => {
    const log = await indexed(await aLog(Buffer.from('\uFEFF整流\r\nsecond\r\n', 'utf16le')));
    expect(log.encoding).toBe('utf-16le');
    expect((await log.lines({ line: 1 }, 9, 'forward')).lines).toMatchObject([
      { text: '整流', line: 1 },
      { text: 'second', line: 2 },
    ]);
  });

  it('[L4] cuts a line of a hundred megabytes', async () => {
    const log = await aLog(Buffer.alloc(100_000_000, 'x'));
    const page = await log.lines({ byteOffset: 0 }, 10, 'forward');
    expect(page.lines).toHaveLength(1);
    expect(page.lines[0]).toMatchObject({ truncated: true, endKnown: false });
    await indexed(log);
    expect((await log.lines({ byteOffset: 0 }, 10, 'forward')).lines[0]).toMatchObject({ truncated: true });
  });

  it('[L12] says that the file became shorter while it was read', async () => {
    const log = await aLog('some\nlines\n'.repeat(1000));
    await truncate(log.path, 5);
    await expect(log.lines({ byteOffset: 100 }, 1, 'forward')).rejects.toMatchObject({ code: 'log.changed' });
    await expect(indexed(log)).rejects.toMatchObject({ code: 'log.changed' });
  });
});

describe('taking an excerpt', () => {
  it('[L13] gives the original bytes with hash, range, lines and file', async () => {
    const bytes = encode('第一行\r\n整流模块故障\n第三行\n', 'gb18030');
    const log = await indexed(await aLog(bytes));
    const second = (await log.lines({ line: 2 }, 1, 'forward')).lines[0]!;
    const excerpt = await log.excerpt([second], log.generation);
    const expected = encode('整流模块故障\n', 'gb18030');
    expect(Buffer.from(excerpt.bytes)).toEqual(expected);
    expect(excerpt).toMatchObject({
      path: log.path,
      encoding: 'gb18030',
      ranges: [{ byteOffset: 8, byteLength: 13, firstLine: 2, lastLine: 2 }],
      file: { size: bytes.length, headBytes: bytes.length },
      atPath: 'this file',
    });
    const { createHash } = await import('node:crypto');
    expect(excerpt.sha256).toBe(createHash('sha256').update(expected).digest('hex'));
    expect(excerpt.file.headSha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('[L13] trusts a file that only grew', async () => {
    const log = await aLog('one\ntwo\n');
    await appendFile(log.path, 'three\n');
    const excerpt = await log.excerpt([{ byteOffset: 4, byteLength: 4 }], log.generation);
    expect(Buffer.from(excerpt.bytes).toString()).toBe('two\n');
    expect(excerpt.file.size).toBe(14);
  });

  it.each([
    ['shortened', async (path: string) => truncate(path, 6)],
    ['rewritten in place', async (path: string) => writeFile(path, 'ONE\nTWO\n')],
    ['rewritten and longer', async (path: string) => writeFile(path, 'ONE\nTWO\nTHREE\n')],
  ])('[L13] refuses a file that was %s', async (_, change) => {
    const log = await aLog('one\ntwo\n');
    await change(log.path);
    await expect(log.excerpt([{ byteOffset: 0, byteLength: 4 }], log.generation)).rejects.toMatchObject({
      code: 'log.changed',
    });
  });

  it('[L13] refuses ranges beyond the end and excerpts that are too large', async () => {
    const log = await aLog('x'.repeat(5_000_000));
    const take = (byteOffset: number, byteLength: number): Promise<unknown> =>
      log.excerpt([{ byteOffset, byteLength }], log.generation);
    await expect(take(4_999_999, 2)).rejects.toMatchObject({
      code: expect.stringMatching(/outOfRange|changed/),
    });
    await expect(take(6_000_000, 2)).rejects.toMatchObject({ code: 'log.outOfRange' });
    await expect(take(0, 4_194_305)).rejects.toMatchObject({ code: 'log.excerptTooLarge' });
  });
});

describe('listing a folder', () => {
  it('[L14] names folders first, and what links point at', async () => {
    await mkdir(join(folder, 'old'));
    await writeFile(join(folder, 'app10.log'), '0123456789');
    await writeFile(join(folder, 'app9.log'), '');
    await symlink(join(folder, 'app10.log'), join(folder, 'current'));
    await symlink(join(folder, 'gone'), join(folder, 'broken'));
    const listing = await listFolder(folder);
    expect(listing).toMatchObject({ path: folder, parent: tmpdir(), more: false });
    expect(listing.entries.map(({ name, kind, size }) => [name, kind, size])).toEqual([
      ['old', 'folder', 0],
      ['app9.log', 'file', 0],
      ['app10.log', 'file', 10],
      ['broken', 'other', 0],
      ['current', 'file', 10],
    ]);
  });

  it('[L14] stops at 5,000 entries and says so', async () => {
    await Promise.all(Array.from({ length: 5001 }, (_, i) => writeFile(join(folder, `${i}`), '')));
    const listing = await listFolder(folder);
    expect(listing.entries).toHaveLength(5000);
    expect(listing.more).toBe(true);
    rmSync(join(folder, '7'));
    expect(await listFolder(folder)).toMatchObject({ more: false });
  });

  it('[L14] refuses what is not a folder', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(listFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'log.notADirectory' });
    await expect(listFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'log.notFound' });
  });
});
