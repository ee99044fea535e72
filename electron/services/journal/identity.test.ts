import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findChainBreaks } from '#shared/events/hash-chain.ts';
import { aDraft, limitedFiles, steppedClock } from '#test/support/journal-builders.ts';
import { JournalFolder } from '#test/support/journal-folder.ts';
import type { Journal, JournalOptions } from './journal.ts';

let folder: JournalFolder;

beforeEach(async () => {
  folder = await JournalFolder.make();
});
afterEach(() => folder.remove());

const open = (options?: Partial<JournalOptions>): Promise<Journal> => folder.open(options);

describe('runs', () => {
  test('[J16] each opening is a run; the runs before it are known, newest first', async () => {
    for (const run of ['a', 'b']) {
      const journal = await open({ run });
      await journal.append([aDraft(run)]);
      await journal.close();
    }
    const third = await open({ run: 'c' });
    expect(await third.run()).toEqual({ id: 'c', before: ['b', 'a'] });
    expect(await third.run()).toEqual({ id: 'c', before: ['b', 'a'] });
  });

  test('[J16] a run that only pushed stands in the journal too', async () => {
    const first = await open({ run: 'a' });
    await first.run();
    await first.close();
    const second = await open({ run: 'b' });
    expect(await second.run()).toEqual({ id: 'b', before: ['a'] });
  });

  test('[J16] a run is not told when the disk has no room for it', async () => {
    const files = limitedFiles(0);
    const journal = await open({ run: 'a', files });
    await expect(journal.run()).rejects.toMatchObject({ code: 'journal.diskFull' });
    files.room = 10_000;
    expect(await journal.run()).toEqual({ id: 'a', before: [] });
  });

  test('[J16] at most 32 are remembered, over segments too', async () => {
    for (let i = 0; i < 40; i++) {
      const journal = await open({ run: `r${i}`, segmentBytes: 500 });
      await journal.append([aDraft(`n${i}`)]);
      await journal.append([aDraft(`m${i}`)]);
      await journal.close();
    }
    const { id, before } = await (await open({ run: 'last' })).run();
    expect([id, before.length, before[0], before.at(-1)]).toEqual(['last', 32, 'r39', 'r8']);
  });
});

describe('another device', () => {
  test('[J16] writes under its own name and in chains of its own, after a restart too', async () => {
    const journal = await open();
    await journal.append([aDraft('old', 'ticket/1'), aDraft('old', 'ticket/2')]);
    await journal.becomeDevice('device-2');
    expect(journal.device).toBe('device-2');
    const [first, second] = await journal.append([aDraft('new', 'ticket/1'), aDraft('new', 'ticket/1')]);
    expect([first!.device, first!.prev, second!.device]).toEqual(['device-2', '', 'device-2']);
    expect(second!.prev).not.toBe('');
    await journal.close();
    const again = await open({ device: 'device-2' });
    const [third, other] = await again.append([aDraft('newer', 'ticket/1'), aDraft('newer', 'ticket/2')]);
    expect([other!.prev, third!.device]).toEqual(['', 'device-2']);
    expect(findChainBreaks([first!, second!, third!])).toEqual([]);
    expect(again.outbox().map(({ event }) => event.device)).toEqual([
      'device-1',
      'device-1',
      'device-2',
      'device-2',
      'device-2',
      'device-2',
    ]);
  });
});

describe('replacing a refused fact', () => {
  const refuse = (journal: Journal, id: string): Promise<void> =>
    journal.applyVerdicts({ epoch: 'e', durable: true, verdicts: [{ id, verdict: 'refused', code: 'x.y' }] });

  test('[J17] the new one stands, the old one is given up, also after a restart', async () => {
    const journal = await open();
    const [refused] = await journal.append([aDraft('wrong')]);
    await refuse(journal, refused!.id);
    const fresh = await journal.replaceRefused(refused!.id, aDraft('right'));
    expect(journal.outbox()).toEqual([{ event: fresh, verdict: null, state: 'waiting' }]);
    await journal.close();
    expect((await open()).outbox().map(({ event }) => event)).toEqual([fresh]);
  });

  test('[J17] only a refused one; twice at once is one', async () => {
    const journal = await open();
    const [fact] = await journal.append([aDraft('fine')]);
    expect(await journal.replaceRefused(fact!.id, aDraft('other'))).toBe(undefined);
    await refuse(journal, fact!.id);
    const both = [
      await journal.replaceRefused(fact!.id, aDraft('one')),
      await journal.replaceRefused(fact!.id, aDraft('two')),
    ];
    expect(both.map((event) => event?.data['text'])).toEqual(['one', undefined]);
  });

  test('[J17] a full disk keeps the refused one as it is', async () => {
    const files = limitedFiles();
    const journal = await open({ files });
    const [fact] = await journal.append([aDraft('wrong')]);
    await refuse(journal, fact!.id);
    files.room = 10;
    await expect(journal.replaceRefused(fact!.id, aDraft('right'))).rejects.toMatchObject({
      code: 'journal.diskFull',
    });
    expect(journal.outbox().map(({ state }) => state)).toEqual(['refused']);
  });
});

describe('what is known of the server’s time', () => {
  const written = async (jumpMs: number) => {
    const clock = { ...steppedClock(), monotonicMs: () => 1_000 };
    const journal = await open({ clock });
    journal.noteClockOffset(-250, 40);
    clock.wallMs += jumpMs;
    const [event] = await journal.append([aDraft('x')]);
    return event!.clock;
  };

  test('[J2] is carried with its uncertainty', async () => {
    expect(await written(0)).toMatchObject({ offsetMs: -250, uncertaintyMs: 40 });
  });
  test('[J2] a clock that was set back says nothing any more', async () => {
    expect(await written(-3_600_000)).toEqual({ monotonicMs: 1_000, bootId: 'boot-of-the-test' });
  });
  test('[J2] one that ran ahead, or slept, is less certain by as much', async () => {
    const { uncertaintyMs } = await written(3_600_000);
    expect(uncertaintyMs).toBeGreaterThanOrEqual(3_600_040);
    expect(uncertaintyMs).toBeLessThan(3_600_100);
  });
});
