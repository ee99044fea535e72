import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import { Activity } from '#test/simulation/activity.ts';
import { FaultyDisk } from '#test/simulation/faulty-disk.ts';
import { Crashed, Life } from '#test/simulation/life.ts';
import { Random } from '#test/simulation/random.ts';
import { aDraft, limitedFiles, type SteppedClock, steppedClock, T0 } from '#test/support/journal-builders.ts';
import { JournalFolder } from '#test/support/journal-folder.ts';
import { Journal, type JournalOptions } from './journal.ts';
import { keptHeads } from './retention.ts';
import { diskFiles, listSegments, segmentName } from './segment-file.ts';

const DAY = 24 * 60 * 60 * 1000;
const HASH = 'ab'.repeat(32);

let home: JournalFolder;
let dir: string;
let clock: SteppedClock;

beforeEach(async () => {
  home = await JournalFolder.make();
  dir = home.dir;
  clock = steppedClock(T0);
});
afterEach(() => home.remove());

/** Every record begins a segment. */
const open = (options: Partial<JournalOptions> = {}): Promise<Journal> =>
  home.open({ clock, segmentBytes: 1, ...options });

const accept = (journal: Journal, ...events: readonly DomainEvent[]): Promise<void> =>
  journal.applyVerdicts({
    epoch: 'e1',
    durable: true,
    verdicts: events.map(({ id }) => ({ id, verdict: 'accepted' })),
  });
const refuse = (journal: Journal, { id }: DomainEvent): Promise<void> =>
  journal.applyVerdicts({ epoch: 'e1', durable: true, verdicts: [{ id, verdict: 'refused', code: 'x.y' }] });

async function add(journal: Journal, text: string, stream?: string): Promise<DomainEvent> {
  const [event] = await journal.append([aDraft(text, stream)]);
  return event!;
}
async function all(journal: Journal): Promise<unknown[]> {
  const texts: unknown[] = [];
  for await (const event of journal.eventsOf()) texts.push(event.data['text']);
  return texts;
}
/** The server says something, so that time has passed for sure. */
async function daysLater(journal: Journal, days: number): Promise<DomainEvent> {
  clock.wallMs += days * DAY;
  const event = await add(journal, 'young', 'ticket/young');
  await accept(journal, event);
  return event;
}
const afterClosing = async (journal: Journal, options?: Partial<JournalOptions>): Promise<Journal> => {
  await journal.close();
  return open(options);
};

describe('what goes', () => {
  test('[J18] segments whose facts were accepted more than 30 days ago are removed at opening', async () => {
    const journal = await open();
    await accept(journal, await add(journal, 'old'), await add(journal, 'older'));
    await daysLater(journal, 31);
    const again = await afterClosing(journal);
    expect(await all(again)).toEqual(['young']);
    expect(again.problems).toEqual([]);
    expect(await all(await afterClosing(again))).toEqual(['young']);
  });

  test('[J18] nothing goes before, and nothing because of a clock that is wrong today', async () => {
    const journal = await open();
    await accept(journal, await add(journal, 'old'));
    await daysLater(journal, 29);
    const again = await afterClosing(journal);
    clock.wallMs += 400 * DAY;
    expect(await all(await afterClosing(again))).toEqual(['old', 'young']);
  });

  test.each<[string, (journal: Journal, event: DomainEvent) => Promise<void>]>([
    ['pending', async () => undefined],
    ['refused and not given up', refuse],
    [
      'accepted by a server that may forget',
      (journal, { id }) =>
        journal.applyVerdicts({ epoch: 'e1', durable: false, verdicts: [{ id, verdict: 'accepted' }] }),
    ],
  ])('[J18] a segment with a fact that is %s stays, and so do those behind it', async (_, settle) => {
    const journal = await open();
    await accept(journal, await add(journal, 'first'));
    await settle(journal, await add(journal, 'stays'));
    await accept(journal, await add(journal, 'behind'));
    await daysLater(journal, 60);
    const outbox = journal.outbox();
    const again = await afterClosing(journal);
    expect(await all(again)).toEqual(['stays', 'behind', 'young']);
    expect(again.outbox()).toEqual(outbox);
  });

  test('[J18] what was given up stays for 30 days too', async () => {
    const journal = await open();
    const refused = await add(journal, 'refused');
    await refuse(journal, refused);
    await daysLater(journal, 60);
    await journal.release([refused.id]);
    await daysLater(journal, 20);
    const again = await afterClosing(journal);
    expect(await all(again)).toContain('refused');
    await daysLater(again, 20);
    expect(await all(await afterClosing(again))).not.toContain('refused');
  });

  test('[J18] the name of an attachment stays until the server holds it', async () => {
    const journal = await open();
    const draft = { ...aDraft('photo'), data: { text: 'photo', photo: { sha256: HASH, size: 10 } } };
    await accept(journal, ...(await journal.append([draft])));
    await daysLater(journal, 60);
    const again = await afterClosing(journal);
    expect([await all(again), again.undeliveredBlobs()]).toEqual([['photo', 'young'], [HASH]]);
    await again.noteDeliveredBlobs([HASH]);
    const third = await afterClosing(again);
    expect([await all(third), third.undeliveredBlobs()]).toEqual([['young'], []]);
  });

  test('[J18] a damaged segment stays, and so do those behind it', async () => {
    const journal = await open();
    await accept(
      journal,
      await add(journal, 'first'),
      await add(journal, 'second'),
      await add(journal, 'third'),
    );
    await daysLater(journal, 60);
    await journal.close();
    const path = join(dir, segmentName(2));
    const bytes = await readFile(path);
    bytes[bytes.length - 3]! ^= 0xff;
    await writeFile(path, bytes);
    const again = await open();
    expect(await all(again)).toEqual(['third', 'young']);
    expect(again.problems.map(({ file }) => file)).toEqual([segmentName(2)]);
    expect(await listSegments(dir)).toContain(2);
  });

  test('[J18] on a full disk, or where a file cannot be removed, everything stays for the next opening', async () => {
    const journal = await open();
    await accept(journal, await add(journal, 'old'));
    await daysLater(journal, 60);
    const full = await afterClosing(journal, { files: limitedFiles(100) });
    expect(await all(full)).toEqual(['old', 'young']);
    const busy = async (): Promise<never> => {
      throw Object.assign(new Error('busy'), { code: 'EBUSY' });
    };
    const held = await afterClosing(full, { files: { ...diskFiles, remove: busy } });
    expect(await all(held)).toEqual(['old', 'young']);
    const [, next] = [await add(held, 'x'), await add(held, 'next')];
    expect(next.prev).not.toBe('');
    expect(await all(await afterClosing(held))).toEqual(['young', 'x', 'next']);
  });
});

describe('what goes on', () => {
  test('[J19] chains, clock, numbers, runs and epoch', async () => {
    const journal = await open({ run: 'run-1' });
    const old = await add(journal, 'old', 'ticket/7');
    await journal.takeNumber('ticket');
    await journal.takeNumber('ticket');
    await accept(journal, old);
    await daysLater(journal, 31);
    let again = await afterClosing(journal, { run: 'run-2' });
    // Twice more: what was taken over is taken over again.
    await daysLater(again, 31);
    again = await afterClosing(again, { run: 'run-3' });
    await daysLater(again, 31);
    clock.wallMs = T0 - 400 * DAY;
    const lastVerdictAt = again.lastVerdictAt;
    again = await afterClosing(again, { run: 'run-4' });
    expect(await all(again)).not.toContain('old');
    const next = await add(again, 'next', 'ticket/7');
    expect(next.prev).toBe(hashEvent(old));
    expect(next.hlc > old.hlc).toBe(true);
    expect(await again.takeNumber('ticket')).toBe(3);
    expect(await again.run()).toEqual({ id: 'run-4', before: ['run-3', 'run-2', 'run-1'] });
    expect([again.epoch, again.lastVerdictAt]).toEqual(['e1', lastVerdictAt]);
  });

  test('[J19] numbers are there though the record that took them over is damaged', async () => {
    const journal = await open();
    await journal.takeNumber('ticket');
    await daysLater(journal, 1);
    await daysLater(journal, 60);
    const again = await afterClosing(journal);
    const [segment] = (await listSegments(dir)).slice(-1);
    await again.close();
    const path = join(dir, segmentName(segment!));
    const bytes = await readFile(path);
    bytes[20]! ^= 0xff;
    await writeFile(path, bytes);
    const damaged = await open();
    expect(damaged.problems).toHaveLength(1);
    expect(await damaged.takeNumber('ticket')).toBeGreaterThan(1);
    expect(damaged.epoch).toBe('e1');
  });

  test('[J19] another device’s chains are not gone on with', async () => {
    const journal = await open();
    await accept(journal, await add(journal, 'old'));
    await journal.becomeDevice('device-2');
    await daysLater(journal, 31);
    const again = await afterClosing(journal, { device: 'device-2' });
    expect(await all(again)).toEqual(['young']);
    expect((await add(again, 'next')).prev).toBe('');
  });

  test('[J19] attachments that the server holds are not offered again; a hash that may be one is kept', async () => {
    const journal = await open();
    const other = 'cd'.repeat(32);
    const naming = (text: string) => ({
      ...aDraft(text),
      data: { text, photo: { sha256: HASH, size: 10 }, other },
    });
    await accept(journal, ...(await journal.append([naming('old')])));
    await journal.noteDeliveredBlobs([HASH]);
    clock.wallMs += 60 * DAY;
    await accept(journal, ...(await journal.append([naming('young')])));
    const again = await afterClosing(journal);
    expect(await all(again)).toEqual(['young']);
    expect(again.undeliveredBlobs()).toEqual([other]);
    await daysLater(again, 60);
    const third = await afterClosing(again);
    expect([await all(third), third.undeliveredBlobs()]).toEqual([['young'], [other]]);
  });

  test('[J20] heads of streams are kept for a year, and the youngest 10,000 for as long as it takes', () => {
    const heads = Array.from({ length: 12_000 }, (_, i) => [`ticket/${i}`, { ms: T0 - i * 60_000 }] as const);
    expect(keptHeads(heads, T0)).toHaveLength(12_000);
    const kept = keptHeads(heads, T0 + 400 * DAY);
    expect([kept.length, kept[0]?.[0], kept.at(-1)?.[0]]).toEqual([10_000, 'ticket/0', 'ticket/9999']);
    expect(keptHeads(heads, T0 + 365 * DAY - 11_000 * 60_000)).toHaveLength(11_000);
  });
});

test('[J18][J19] a long life with removals is the same as one without', async () => {
  const random = new Random('a long life');
  const other = await JournalFolder.make();
  const keeps = {
    ...diskFiles,
    remove: async () => {
      throw Object.assign(new Error('busy'), { code: 'EBUSY' });
    },
  };
  try {
    const pair = (): Promise<[Journal, Journal]> => {
      const { wallMs } = clock;
      const same = {
        segmentBytes: 3_000,
        clock: { ...steppedClock(), nowMs: () => wallMs },
        run: `${wallMs}`,
      };
      return Promise.all([open(same), other.open({ ...same, files: keeps })]);
    };
    let journals = await pair();
    let fewest = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 250; step++) {
      const chance = random.next();
      const hash = String(random.int(20)).padStart(2, '0').repeat(32);
      const draft = aDraft(`n${step}`, `ticket/${random.int(12)}`);
      if (random.chance(0.2)) draft.data['photo'] = { sha256: hash, size: 1 };
      const outbox = journals[0].outbox();
      const pick = outbox[random.int(outbox.length + 1)]?.event;
      const kind = random.int(3);
      for (const journal of journals) {
        if (chance < 0.5) await journal.append([draft]);
        else if (chance < 0.6) await accept(journal, ...outbox.map(({ event }) => event));
        else if (chance < 0.63 && pick !== undefined) await refuse(journal, pick);
        else if (chance < 0.75)
          await journal.release(
            outbox.filter(({ state }) => state === 'refused').map(({ event }) => event.id),
          );
        else if (chance < 0.8) await journal.takeNumber(`counter-${kind}`);
        else if (chance < 0.9) await journal.noteDeliveredBlobs(journal.undeliveredBlobs());
      }
      if (chance > 0.9) {
        clock.wallMs += random.int(40) * DAY;
        for (const journal of journals) await journal.close();
        journals = await pair();
        fewest = Math.min(fewest, (await listSegments(dir)).length - (await listSegments(other.dir)).length);
      }
      const [pruned, whole] = journals;
      expect(pruned.outbox()).toEqual(whole.outbox());
      // What was delivered, forgotten and named again is offered again: the server says that it has it.
      const unsent = new Set(pruned.undeliveredBlobs());
      expect(whole.undeliveredBlobs().filter((sha256) => !unsent.has(sha256))).toEqual([]);
      expect([pruned.epoch, pruned.lastVerdictAt]).toEqual([whole.epoch, whole.lastVerdictAt]);
    }
    const [pruned, whole] = journals;
    for (let i = 0; i < 12; i++) {
      const draft = aDraft('last', `ticket/${i}`);
      expect((await pruned.append([draft]))[0]?.prev).toBe((await whole.append([draft]))[0]?.prev);
    }
    for (let i = 0; i < 3; i++)
      expect(await pruned.takeNumber(`counter-${i}`)).toBe(await whole.takeNumber(`counter-${i}`));
    expect(fewest).toBeLessThan(-5);
  } finally {
    await other.remove();
  }
});

test('[J21] power that goes at any step of removing loses nothing: the next opening works and goes on', async () => {
  const source = join(dir, 'source');
  const journal = await open({ dir: source });
  const streams = ['ticket/1', 'ticket/2', 'ticket/3'];
  const last = new Map<string, string>();
  for (const stream of [...streams, ...streams]) {
    const event = await add(journal, 'old', stream);
    await accept(journal, event);
    last.set(stream, hashEvent(event));
  }
  const refused = await add(journal, 'given up');
  await refuse(journal, refused);
  await journal.release([refused.id]);
  last.set(refused.stream, hashEvent(refused));
  await journal.takeNumber('ticket');
  await daysLater(journal, 60);
  await add(journal, 'pending', 'ticket/pending');
  const outbox = journal.outbox();
  await journal.close();
  const wallMs = clock.wallMs;
  let died = 0;
  for (let calls = 1; calls < 200; calls++) {
    const folder = join(dir, `copy${calls}`);
    await cp(source, folder, { recursive: true });
    const life = new Life();
    const disk = new FaultyDisk(life, new Activity(`copy ${calls}`), new Random(`power ${calls}`));
    life.planCrash('disk', calls);
    clock.wallMs = wallMs;
    let survived = true;
    try {
      await (await open({ dir: folder, files: disk })).close();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(Crashed);
      survived = false;
    }
    survived &&= !life.isOver;
    await disk.losePower();
    if (!survived) died++;
    // After a loss of power it is another boot.
    const again = await open({ dir: folder, clock: { ...clock, bootId: 'next' } });
    expect(again.problems.filter(({ kind }) => kind !== 'torn')).toEqual([]);
    expect(again.outbox()).toEqual(outbox);
    expect(await all(again)).toEqual(['young', 'pending']);
    for (const stream of streams) expect((await add(again, 'next', stream)).prev).toBe(last.get(stream));
    expect(await again.takeNumber('ticket')).toBeGreaterThan(1);
    await again.close();
    expect((await readdir(folder)).filter((name) => name.endsWith('.removed'))).toEqual([]);
    await rm(folder, { recursive: true });
    if (survived) break;
  }
  expect(died).toBeGreaterThan(20);
});
