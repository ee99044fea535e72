import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { castOutput, readCast } from '#shared/domain/recording/cast-reader.ts';
import { OutputDecoder } from './charset.ts';
import type { Charset } from './charset.ts';
import { Recorder } from './recorder.ts';
import type { RecorderOptions } from './recorder.ts';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-recorder-'));
});
afterAll(() => rm(folder, { recursive: true }));

function options(now: () => number = () => 0): RecorderOptions {
  count += 1;
  return {
    path: join(folder, `${count}.cast`),
    cols: 80,
    rows: 24,
    title: '石桥',
    startedAt: new Date('2026-11-22T08:57:00Z'),
    now,
  };
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of cuts) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...pieces, bytes.subarray(at)];
}

describe('a recording', () => {
  test('[R19] is the same text however the output was cut into frames', async () => {
    const sample = fc.record({
      // GB18030 covers all of Unicode, but iconv-lite and TextDecoder know different editions of it.
      text: fc
        .array(fc.constantFrom('整', '流', '通信中断', '€', '😀', 'A', '\u001b[31m', '\r\n', '\ufeff', 'é'))
        .map((parts) => parts.join('')),
      charset: fc.constantFrom<Charset>('utf-8', 'gb18030'),
      cuts: fc.array(fc.nat({ max: 7 })),
    });
    await fc.assert(
      fc.asyncProperty(sample, async ({ text, charset, cuts }) => {
        const settings = options();
        const recorder = await Recorder.start(settings);
        const decoder = new OutputDecoder(charset);
        for (const frame of cut(iconv.encode(text, charset, { addBOM: false }), cuts)) {
          await recorder.output(decoder.decode(frame));
        }
        await recorder.output(decoder.end());
        await recorder.close();
        expect(castOutput(readCast(await readFile(settings.path, 'utf8')).events)).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test('[R20] tells when what happened, and how long it took', async () => {
    let at = 1000;
    const settings = options(() => at);
    const recorder = await Recorder.start(settings);
    at = 1500.4;
    await recorder.output('SMU> ');
    at = 1600.4;
    await recorder.resize(120, 40);
    await recorder.marker('step 1');
    at = 2000;
    const file = await recorder.close(0);
    const bytes = await readFile(settings.path);
    expect(file).toEqual({
      path: settings.path,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      durationMs: 1000,
    });
    expect(readCast(bytes.toString('utf8'))).toEqual({
      header: {
        version: 3,
        term: { cols: 80, rows: 24, type: 'xterm-256color' },
        timestamp: Date.parse('2026-11-22T08:57:00Z') / 1000,
        title: '石桥',
      },
      events: [
        { intervalMs: 500, code: 'o', data: 'SMU> ' },
        { intervalMs: 100, code: 'r', data: '120x40' },
        { intervalMs: 0, code: 'm', data: 'step 1' },
        { intervalMs: 400, code: 'x', data: '0' },
      ],
      torn: false,
    });
  });

  test('[R20] never overwrites another', async () => {
    const settings = options();
    await (await Recorder.start(settings)).close();
    await expect(Recorder.start(settings)).rejects.toMatchObject({ code: 'ssh.recordingFailed' });
  });
});

describe('a full disk', () => {
  test('[R23] at the start refuses to record, and so to connect', async () => {
    const full = { ...options(), openFile: () => open('/dev/full', 'w') };
    await expect(Recorder.start(full)).rejects.toMatchObject({
      code: 'ssh.recordingFailed',
      message: expect.stringContaining('free disk space'),
    });
  });

  test('[R23] later keeps what was written, and says so once instead of stopping the session', async () => {
    const settings = options();
    const recorder = await Recorder.start({
      ...settings,
      openFile: async (path) => {
        const file = await open(path, 'ax');
        const full = await open('/dev/full', 'w');
        let writes = 0;
        return {
          write: ((bytes: Uint8Array, from: number) =>
            (writes++ < 2 ? file : full).write(bytes, from)) as typeof file.write,
          datasync: () => file.datasync(),
          sync: () => file.sync(),
          close: async () => {
            await full.close();
            await file.close();
          },
        };
      },
    });
    const line = `${'x'.repeat(300_000)}\n`;
    for (let n = 0; n < 5; n += 1) await recorder.output(line);
    await expect(recorder.close()).rejects.toMatchObject({ code: 'ssh.recordingFailed' });
    expect(recorder.failure?.code).toBe('ssh.recordingFailed');
    expect(castOutput(readCast(await readFile(settings.path, 'utf8')).events)).toMatch(/^(x+\n)+$/);
  });
});
