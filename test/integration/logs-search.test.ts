import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rename, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'iconv-lite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEncoding } from '#electron/services/logs/encodings.ts';
import { LogFile } from '#electron/services/logs/log-file.ts';
import { searchLog, type SearchOptions } from '#electron/services/logs/search-log.ts';
import type { SearchHit, SearchItem, SearchQuery } from '#electron/services/logs/search-query.ts';

let folder: string;
const opened: LogFile[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-search-'));
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((file) => file.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function aFile(content: string | Uint8Array): Promise<LogFile> {
  const path = join(folder, 'app.log');
  await writeFile(path, content);
  const file = await LogFile.open(path);
  opened.push(file);
  return file;
}

interface Found {
  readonly hits: SearchHit[];
  readonly end: SearchItem | undefined;
}

async function find(
  file: LogFile,
  pattern: string,
  query: Partial<SearchQuery> & { encoding?: LogEncoding } = {},
  options: SearchOptions = {},
): Promise<Found> {
  const { encoding = 'utf-8', ...rest } = query;
  const full: SearchQuery = { pattern, kind: 'regex', ignoreCase: false, limit: 1000, ...rest };
  const hits: SearchHit[] = [];
  let end: SearchItem | undefined;
  for await (const item of searchLog(file, encoding, full, options)) {
    if (item.kind === 'hits') hits.push(...item.hits);
    else end = item;
  }
  return { hits, end };
}

/** Both engines have to pass the same tests. */
describe.each([
  ['ripgrep', {}],
  ['worker', { executable: null }],
] as const)('searching with %s', (engine, options) => {
  const all = { kind: 'end', more: false, engine };

  it('[L8] gives the matching lines in file order with their places', async () => {
    const file = await aFile('start\nerror one, error two\r\nfine\n\nlast error');
    expect(await find(file, 'err(or)', {}, options)).toEqual({
      hits: [
        {
          line: 2,
          byteOffset: 6,
          text: 'error one, error two',
          truncated: false,
          ranges: [
            { from: 0, to: 5 },
            { from: 11, to: 16 },
          ],
        },
        { line: 5, byteOffset: 34, text: 'last error', truncated: false, ranges: [{ from: 5, to: 10 }] },
      ],
      end: all,
    });
  });

  it('[L8] finds empty lines, line ends before CR, NULs and nothing', async () => {
    const file = await aFile('a\r\n\r\nb\0c\r\n');
    expect((await find(file, '^$', {}, options)).hits.map((hit) => hit.line)).toEqual([2]);
    expect((await find(file, 'a$', {}, options)).hits.map((hit) => hit.line)).toEqual([1]);
    expect((await find(file, 'b.c', {}, options)).hits).toMatchObject([{ line: 3, text: 'b\0c' }]);
    expect(await find(file, 'nowhere', {}, options)).toEqual({ hits: [], end: all });
  });

  it('[L8] never matches across lines', async () => {
    const file = await aFile('foo\nbar\nfoo bar\n');
    expect((await find(file, 'foo\\s+bar', {}, options)).hits.map((hit) => hit.line)).toEqual([3]);
  });

  it('[L8] takes text literally and ignores case when asked', async () => {
    const file = await aFile('a.b(c\nA.B(C\naxb(c\n');
    const lines = async (query: Partial<SearchQuery>): Promise<number[]> =>
      (await find(file, 'a.b(c', { kind: 'text', ...query }, options)).hits.map((hit) => hit.line);
    expect(await lines({})).toEqual([1]);
    expect(await lines({ ignoreCase: true })).toEqual([1, 2]);
  });

  it('[L8] stops at the limit and says truly whether there is more', async () => {
    const file = await aFile('hit\n'.repeat(50));
    const enough = await find(file, 'hit', { limit: 50 }, options);
    expect([enough.hits.length, enough.end]).toEqual([50, all]);
    const cut = await find(file, 'hit', { limit: 49 }, options);
    expect([cut.hits.length, cut.end]).toEqual([49, { ...all, more: true }]);
    expect(cut.hits.at(-1)).toMatchObject({ line: 49, byteOffset: 48 * 4 });
  });

  it('[L4] bounds the text of a hit in a very long line', async () => {
    const file = await aFile(`short\n${'x'.repeat(5_000_000)}needle\nneedle\n`);
    const { hits } = await find(file, 'needle', {}, options);
    expect(hits.map(({ line, byteOffset, truncated }) => ({ line, byteOffset, truncated }))).toEqual([
      { line: 2, byteOffset: 6, truncated: true },
      { line: 3, byteOffset: 5_000_013, truncated: false },
    ]);
    expect(hits[0]?.text.length).toBeLessThanOrEqual(4096);
    expect((await find(file, 'x', {}, options)).hits.map((hit) => hit.line)).toEqual([2]);
  });

  it.each(['utf-8', 'gb18030', 'utf-16le', 'utf-16be', 'big5'] as const)(
    '[L10] names lines and offsets of the file itself (%s)',
    async (encoding) => {
      const text = '第一\n發生故障一 and 故障 two\n乗\\乗\nplain\n故障\n';
      const file = await aFile(encode(text, encoding));
      const offsetOf = (line: number): number => {
        const before = text
          .split('\n')
          .slice(0, line - 1)
          .map((part) => `${part}\n`);
        return encode(before.join(''), encoding).length;
      };
      const { hits } = await find(file, '故障|plain', { encoding }, options);
      expect(hits).toMatchObject([
        {
          line: 2,
          byteOffset: offsetOf(2),
          ranges: [
            { from: 2, to: 4 },
            { from: 10, to: 12 },
          ],
        },
        { line: 4, byteOffset: offsetOf(4), ranges: [{ from: 0, to: 5 }] },
        { line: 5, byteOffset: offsetOf(5), text: '故障' },
      ]);
    },
  );

  it.each(['utf-8', 'utf-16le'] as const)(
    '[L10] counts no byte order mark as text (%s)',
    async (encoding) => {
      const file = await aFile(encode('\uFEFF故障 one\n故障\n', encoding));
      expect((await find(file, '故障', { encoding }, options)).hits).toMatchObject([
        { line: 1, byteOffset: 0, text: '故障 one', ranges: [{ from: 0, to: 2 }] },
        { line: 2, ranges: [{ from: 0, to: 2 }] },
      ]);
    },
  );

  it('[L9] refuses what is no regular expression with the reason', async () => {
    const file = await aFile('x\n');
    await expect(find(file, 'open(', {}, options)).rejects.toMatchObject({
      code: 'log.invalidPattern',
      detail: { reason: expect.stringMatching(/group/i) },
    });
  });

  it('[L9] takes no pattern for an option', async () => {
    const marker = join(folder, 'ran');
    const tool = join(folder, 'tool.sh');
    writeFileSync(tool, `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
    const file = await aFile('--pre=x\n-v\n--files\nplain\n');
    const lines = async (pattern: string): Promise<number[]> =>
      (await find(file, pattern, {}, options)).hits.map((hit) => hit.line);
    expect(await lines(`--pre=${tool}`)).toEqual([]);
    expect(await lines('--pre=')).toEqual([1]);
    expect(await lines('-v')).toEqual([2]);
    expect(await lines('--files')).toEqual([3]);
    expect(existsSync(marker)).toBe(false);
  });

  it('[L9] ends when cancelled', async () => {
    const file = await aFile('hit and miss\n'.repeat(200_000));
    const controller = new AbortController();
    const query: SearchQuery = { pattern: 'hit', kind: 'regex', ignoreCase: false, limit: 100_000 };
    const run = (async () => {
      for await (const item of searchLog(file, 'utf-8', query, { ...options, signal: controller.signal })) {
        if (item.kind === 'hits') controller.abort();
      }
    })();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('searching', () => {
  it('[L9] reads no configuration file of ripgrep', async () => {
    const config = join(folder, 'config');
    writeFileSync(config, '--invert-match\n');
    process.env['RIPGREP_CONFIG_PATH'] = config;
    try {
      const file = await aFile('one\ntwo\n');
      expect((await find(file, 'one')).hits.map((hit) => hit.line)).toEqual([1]);
    } finally {
      delete process.env['RIPGREP_CONFIG_PATH'];
    }
  });

  it('[L9] answers a pattern that would backtrack for ever', async () => {
    const file = await aFile(`${'a'.repeat(60)}b\n`);
    expect((await find(file, '^(a+)+$')).hits).toEqual([]);
    expect((await find(file, '^(a+)+$', {}, { executable: null })).hits).toEqual([]);
  });

  it('[L9] stops the fallback when nothing can save it from backtracking', async () => {
    const file = await aFile(`${'a'.repeat(60)}b\n`);
    const search = find(file, '^(a+)+\\1$', {}, { executable: null, stalledMs: 500 });
    await expect(search).rejects.toMatchObject({ code: 'log.searchTooSlow' });
  });

  it('[L8] searches the open file even after it was renamed away', async () => {
    const file = await aFile('old hit\n');
    await rename(file.path, `${file.path}.1`);
    await writeFile(file.path, 'new hit\n');
    expect(await find(file, 'hit')).toMatchObject({ hits: [{ text: 'old hit' }], end: { engine: 'worker' } });
  });

  it('[L8] survives a file cut short while it is searched', async () => {
    const file = await aFile('hit\n'.repeat(2_000_000));
    const query: SearchQuery = { pattern: 'hit', kind: 'regex', ignoreCase: false, limit: 100_000 };
    const run = (async () => {
      for await (const item of searchLog(file, 'utf-8', query)) {
        if (item.kind === 'hits') await truncate(file.path, 0);
      }
      return 'ended';
    })().catch((error: unknown) => error);
    const outcome = await run;
    expect(
      outcome === 'ended' || /^log\.(changed|searchFailed)$/.test((outcome as { code: string }).code),
    ).toBe(true);
  });
});
