import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { findChainBreaks } from '#shared/events/hash-chain.ts';
import { formatHlc } from '#shared/events/hlc.ts';
import { aDraft, limitedFiles, steppedClock, T0 } from '#test/support/journal-builders.ts';
import { JournalFolder } from '#test/support/journal-folder.ts';
import type { Journal, JournalOptions } from './journal.ts';
import { diskFiles, type SegmentFiles } from './segment-file.ts';

let folder: JournalFolder;

beforeEach(async () => {
  folder = await JournalFolder.make();
});
afterEach(() => folder.remove());

const open = (options?: Partial<JournalOptions>): Promise<Journal> => folder.open(options);

async function all(journal: Journal): Promise<DomainEvent[]> {
  const events: DomainEvent[] = [];
  for await (const event of journal.eventsOf()) events.push(event);
  return events;
}

const texts = (events: readonly DomainEvent[]): unknown[] => events.map((event) => event.data['text']);
const segment = (number = 1): string => join(folder.dir, `${String(number).padStart(10, '0')}.journal`);

describe('appending', () => {
  test('[J1] what an append answered is there after opening again', async () => {
    const journal = await open();
    const [event] = await journal.append([aDraft('arrived')]);
    await journal.close();
    expect(await all(await open())).toEqual([event]);
  });

  test('[J2] stamps order, time, zone, clock evidence, actor, device and chain', async () => {
    const journal = await open();
    journal.noteClockOffset(-250, 40);
    const draft = aDraft('arrived');
    const [event] = await journal.append([draft]);
    expect(event).toEqual({
      ...draft,
      hlc: formatHlc({ ms: T0 + 1, counter: 0 }, 'device-1'),
      at: '2026-05-04T08:00:00.001Z',
      tz: 'Asia/Shanghai',
      clock: { monotonicMs: 1234.5, bootId: 'boot-of-the-test', offsetMs: -250, uncertaintyMs: 40 },
      actor: 'li.wei',
      device: 'device-1',
      prev: '',
    });
  });

  test('[J3] chains each stream, over restarts too', async () => {
    const first = await open();
    await first.append([aDraft('a', 'ticket/1'), aDraft('b', 'ticket/2'), aDraft('c', 'ticket/1')]);
    await first.append([aDraft('d', 'ticket/1')]);
    await first.close();
    const second = await open();
    await second.append([aDraft('e', 'ticket/1'), aDraft('f', 'ticket/2')]);
    const events = await all(second);
    for (const stream of ['ticket/1', 'ticket/2']) {
      expect(findChainBreaks(events.filter((event) => event.stream === stream))).toEqual([]);
    }
    expect(events.filter((event) => event.prev === '')).toHaveLength(2);
  });

  test('[J4] the same draft again is the fact written first', async () => {
    const journal = await open();
    const draft = aDraft('once');
    const [first] = await journal.append([draft]);
    const [again] = await journal.append([{ ...draft, data: { text: 'changed' } }]);
    expect(again).toEqual(first);
    await journal.close();
    const reopened = await open();
    expect(await reopened.append([draft])).toEqual([first]);
    expect(await all(reopened)).toHaveLength(1);
  });

  test('[J4] the same draft twice at the same time is one fact', async () => {
    const journal = await open();
    const draft = aDraft('once');
    const [one, two] = await Promise.all([journal.append([draft]), journal.append([draft])]);
    expect(one).toEqual(two);
    expect(await all(journal)).toHaveLength(1);
  });

  test('[J5] appends that come together share one flush', async () => {
    const files = limitedFiles();
    const journal = await open({ files });
    await journal.append([aDraft('first')]);
    const before = files.syncs;
    await Promise.all(Array.from({ length: 100 }, (_, i) => journal.append([aDraft(`n${i}`)])));
    expect(files.syncs - before).toBe(1);
    expect(texts(await all(journal)).slice(1)).toEqual(Array.from({ length: 100 }, (_, i) => `n${i}`));
  });

  test('[J6] the clock goes on from what was written and seen, though the wall clock went back', async () => {
    const first = await open({ clock: steppedClock(T0 + 60_000) });
    const [before] = await first.append([aDraft('before')]);
    const ahead = formatHlc({ ms: T0 + 3_600_000, counter: 7 }, 'device-2');
    await first.observe(ahead);
    await first.close();
    const second = await open({ clock: steppedClock(T0) });
    const [after] = await second.append([aDraft('after')]);
    expect(after!.hlc > before!.hlc).toBe(true);
    expect(after!.hlc > ahead).toBe(true);
    expect(after!.at).toBe('2026-05-04T08:00:00.000Z');
  });

  test('[J6] a stamp that was seen is not forgotten over a restart with the clock set back, though it was not ahead then', async () => {
    const first = await open({ clock: steppedClock(T0 + 3_600_000) });
    const seen = formatHlc({ ms: T0 + 1_800_000, counter: 0 }, 'device-2');
    await first.observe(seen);
    await first.close();
    const second = await open({ clock: steppedClock(T0) });
    const [after] = await second.append([aDraft('after')]);
    expect(after!.hlc > seen).toBe(true);
  });

  test('[J6] on a full disk a seen stamp still counts until the restart', async () => {
    const files = limitedFiles();
    const journal = await open({ files });
    await journal.append([aDraft('first')]);
    const { room } = files;
    files.room = 0;
    const seen = formatHlc({ ms: T0 + 3_600_000, counter: 0 }, 'device-2');
    await journal.observe(seen);
    files.room = room;
    const [after] = await journal.append([aDraft('after')]);
    expect(after!.hlc > seen).toBe(true);
  });

  test('[J6] what was seen before is not written down again', async () => {
    const files = limitedFiles();
    const journal = await open({ files });
    const seen = formatHlc({ ms: T0 + 3_600_000, counter: 0 }, 'device-2');
    await journal.observe(seen);
    const { syncs } = files;
    await journal.observe(seen);
    expect(files.syncs).toBe(syncs);
  });

  test('refuses what is too large for one record and keeps the rest', async () => {
    const journal = await open();
    const large = journal.append([aDraft('x'.repeat(9 * 1024 * 1024))]);
    const small = journal.append([aDraft('small')]);
    await expect(large).rejects.toMatchObject({ code: 'journal.tooLarge' });
    const [event] = await small;
    expect(event!.prev).toBe('');
    expect(texts(await all(journal))).toEqual(['small']);
  });

  test('begins a new segment when one is full, and reads them all', async () => {
    const journal = await open({ segmentBytes: 4096 });
    for (let i = 0; i < 40; i++) await journal.append([aDraft(`n${i}`)]);
    await journal.close();
    expect((await readdir(folder.dir)).filter((name) => name.endsWith('.journal')).length).toBeGreaterThan(3);
    const again = await open({ segmentBytes: 4096 });
    expect(texts(await all(again))).toEqual(Array.from({ length: 40 }, (_, i) => `n${i}`));
    expect(findChainBreaks(await all(again))).toEqual([]);
  });
});

describe('numbers', () => {
  test('[J7] are given once, together and after a restart', async () => {
    const journal = await open();
    const together = await Promise.all([1, 2, 3].map(() => journal.takeNumber('ticket')));
    expect(together).toEqual([1, 2, 3]);
    expect(await journal.takeNumber('rma')).toBe(1);
    await journal.close();
    expect(await (await open()).takeNumber('ticket')).toBe(4);
  });

  test('[J7] are not given again when the record of the last one was damaged', async () => {
    const journal = await open();
    await journal.append([aDraft('a')]);
    await journal.takeNumber('ticket');
    await journal.takeNumber('ticket');
    await journal.close();
    const bytes = await readFile(segment());
    bytes[bytes.length - 3]! ^= 0xff;
    await writeFile(segment(), bytes);
    const damaged = await open();
    const next = await damaged.takeNumber('ticket');
    expect(next).toBeGreaterThan(2);
    await damaged.close();
    // The same damage is not counted anew at each start.
    expect(await (await open()).takeNumber('ticket')).toBe(next + 1);
  });
});

describe('a damaged disk', () => {
  test('[J8] a torn last record is cut, kept aside and reported', async () => {
    const journal = await open();
    await journal.append([aDraft('whole')]);
    const { size } = await stat(segment());
    await journal.append([aDraft('torn')]);
    await journal.close();
    const bytes = await readFile(segment());
    await writeFile(segment(), bytes.subarray(0, bytes.length - 5));
    const again = await open();
    expect(texts(await all(again))).toEqual(['whole']);
    const lost = bytes.length - 5 - size;
    expect(again.problems).toEqual([{ kind: 'torn', file: '0000000001.journal', offset: size, bytes: lost }]);
    expect(await readFile(`${segment()}.${size}.torn`)).toEqual(bytes.subarray(size, bytes.length - 5));
    await again.append([aDraft('next')]);
    await again.close();
    const healed = await open();
    expect(healed.problems).toEqual([]);
    expect(texts(await all(healed))).toEqual(['whole', 'next']);
  });

  test('[J9] a damaged record in the middle is reported and everything else is read', async () => {
    const journal = await open();
    await journal.append([aDraft('one')]);
    const from = (await stat(segment())).size;
    await journal.append([aDraft('two')]);
    const to = (await stat(segment())).size;
    await journal.append([aDraft('three')]);
    await journal.close();
    const bytes = await readFile(segment());
    bytes[from + 100]! ^= 0x01;
    await writeFile(segment(), bytes);
    const again = await open();
    expect(texts(await all(again))).toEqual(['one', 'three']);
    expect(again.problems).toEqual([
      { kind: 'corrupt', file: '0000000001.journal', offset: from, bytes: to - from },
    ]);
    expect(texts(again.outbox().map((item) => item.event))).toEqual(['one', 'three']);
    expect((await readFile(segment())).length).toBe(bytes.length);
  });

  test('[J10] a full disk refuses the append, leaves nothing of it, and the next one succeeds', async () => {
    const files = limitedFiles();
    const journal = await open({ files });
    await journal.append([aDraft('before')]);
    const { size } = await stat(segment());
    files.room = 100;
    const refused = aDraft('refused');
    await expect(journal.append([refused])).rejects.toMatchObject({ code: 'journal.diskFull' });
    await expect(journal.takeNumber('ticket')).rejects.toMatchObject({ code: 'journal.diskFull' });
    expect((await stat(segment())).size).toBe(size);
    files.room = Number.POSITIVE_INFINITY;
    expect(await journal.takeNumber('ticket')).toBe(1);
    await journal.append([aDraft('after')]);
    await journal.append([refused]);
    const events = await all(journal);
    expect(texts(events)).toEqual(['before', 'after', 'refused']);
    expect(findChainBreaks(events)).toEqual([]);
    expect(journal.outbox()).toHaveLength(3);
  });

  test('[J10] a disk that is full when a segment begins is no different', async () => {
    const files = limitedFiles();
    const journal = await open({ files, segmentBytes: 600 });
    await journal.append([aDraft('a')]);
    await journal.append([aDraft('b')]);
    files.room = 10;
    await expect(journal.append([aDraft('c')])).rejects.toMatchObject({ code: 'journal.diskFull' });
    files.room = Number.POSITIVE_INFINITY;
    await journal.append([aDraft('d')]);
    await journal.close();
    const again = await open();
    expect(again.problems).toEqual([]);
    expect(texts(await all(again))).toEqual(['a', 'b', 'd']);
  });

  test('[H42] what a start that was cut off had written is set aside for good before anything else can be written', async () => {
    const first = await open();
    await first.append([aDraft('of a start that was cut off')]);
    await first.close();
    const flushed: string[][] = [];
    const files: SegmentFiles = {
      ...diskFiles,
      syncFolder: async (dir) => {
        await diskFiles.syncFolder(dir);
        flushed.push((await readdir(dir)).filter((name) => name.endsWith('.journal')));
      },
    };
    const fresh = await open({ files, startFresh: true });
    // The folder that it went to, and the one that it left.
    expect(flushed).toEqual([['0000000001.journal'], []]);
    expect(await all(fresh)).toEqual([]);
  });

  test('[J10] a segment that a failing disk has left half made is gone on with: writing needs no restart', async () => {
    const failure = Object.assign(new Error('input/output error'), { code: 'EIO' });
    const disk = { fails: false };
    const files: SegmentFiles = {
      ...diskFiles,
      open: async (path, create) => {
        const file = await diskFiles.open(path, create);
        return {
          ...file,
          close: async () => {
            await file.close();
            if (disk.fails) throw failure;
          },
        };
      },
      syncFolder: (dir) => (disk.fails ? Promise.reject(failure) : diskFiles.syncFolder(dir)),
    };
    const journal = await open({ files, segmentBytes: 600 });
    await journal.append([aDraft('a')]);
    await journal.append([aDraft('b')]);
    disk.fails = true;
    for (const text of ['c', 'd'])
      await expect(journal.append([aDraft(text)])).rejects.toMatchObject({
        code: 'journal.failed',
        detail: { reason: 'EIO' },
      });
    disk.fails = false;
    await journal.append([aDraft('e')]);
    await journal.close();
    const again = await open();
    expect(again.problems).toEqual([]);
    expect(texts(await all(again))).toEqual(['a', 'b', 'e']);
  });
});

describe('one owner', () => {
  test('[J11] a second opener is refused, and let in after the first has closed, with a higher number', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'journal.locked', detail: { pid: process.pid } });
    await first.close();
    const second = await open();
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  test('[J11] takes over from a dead owner', async () => {
    await writeFile(
      join(folder.dir, 'owner.0000000041'),
      JSON.stringify({ pid: process.pid, bootId: 'boot-of-the-test', started: '1', released: false }),
    );
    expect((await open()).fence).toBe(42);
  });

  test('[J11] of many that take over at once exactly one succeeds', async () => {
    await writeFile(
      join(folder.dir, 'owner.0000000001'),
      JSON.stringify({ pid: 1, bootId: 'another boot', started: '1' }),
    );
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => open()));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  test('[J11] a copy of the folder, made while its owner runs, opens beside it', async () => {
    const first = await open();
    const [event] = await first.append([aDraft('in both')]);
    const copy = await JournalFolder.make();
    try {
      await cp(folder.dir, copy.dir, { recursive: true });
      const opened = await copy.open();
      expect([await all(opened), opened.isCopy]).toEqual([[event], true]);
      await expect(copy.open()).rejects.toMatchObject({ code: 'journal.locked' });
      await first.append([aDraft('still the owner')]);
      await expect(open()).rejects.toMatchObject({ code: 'journal.locked' });
    } finally {
      await copy.remove();
    }
  });

  test('[J12] an owner that was taken over writes no more', async () => {
    const journal = await open();
    await journal.append([aDraft('mine')]);
    await writeFile(join(folder.dir, `owner.${String(journal.fence + 1).padStart(10, '0')}`), '{}');
    await expect(journal.append([aDraft('late')])).rejects.toMatchObject({ code: 'journal.lostLock' });
    expect(texts(await all(journal))).toEqual(['mine']);
  });
});

test('[J15] following tells everything once and without a gap', async () => {
  const journal = await open({ segmentBytes: 2000 });
  for (let i = 0; i < 10; i++) await journal.append([aDraft(`n${i}`)]);
  const stop = new AbortController();
  const heard: unknown[] = [];
  const writing = (async () => {
    for (let i = 10; i < 60; i++) await journal.append([aDraft(`n${i}`)]);
  })();
  for await (const record of journal.follow(true, stop.signal)) {
    if (record === 'live') heard.push('live');
    else if (record.k === 'events') heard.push(...texts(record.events));
    if (heard.includes('n59')) stop.abort();
  }
  await writing;
  expect(heard.filter((text) => text !== 'live')).toEqual(Array.from({ length: 60 }, (_, i) => `n${i}`));
  expect(heard).toContain('live');
});
