import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { aDraft, steppedClock, T0 } from '#test/support/journal-builders.ts';
import { JournalFolder } from '#test/support/journal-folder.ts';
import type { Journal, JournalOptions } from './journal.ts';

let folder: JournalFolder;

beforeEach(async () => {
  folder = await JournalFolder.make();
});
afterEach(() => folder.remove());

const open = (options?: Partial<JournalOptions>): Promise<Journal> => folder.open(options);

const texts = (events: readonly DomainEvent[]): unknown[] => events.map((event) => event.data['text']);

describe('what the server said', () => {
  test('[J13] holds what has no last word, and remembers verdicts over a restart', async () => {
    const journal = await open();
    const events = await journal.append(['a', 'b', 'c', 'd'].map((text) => aDraft(text)));
    const [a, b, c] = events.map((event) => event.id);
    await journal.applyVerdicts({
      epoch: 'e1',
      durable: true,
      verdicts: [
        { id: a!, verdict: 'accepted' },
        { id: b!, verdict: 'refused', code: 'rights.missing', detail: 'not yours' },
      ],
    });
    await journal.applyVerdicts({ epoch: 'e1', durable: false, verdicts: [{ id: c!, verdict: 'accepted' }] });
    const expected = [
      ['b', 'refused'],
      ['c', 'notDurable'],
      ['d', 'waiting'],
    ];
    const shown = (one: Journal): unknown =>
      one.outbox().map((item) => [item.event.data['text'], item.state]);
    expect(shown(journal)).toEqual(expected);
    await journal.close();
    const again = await open();
    expect(shown(again)).toEqual(expected);
    expect(again.epoch).toBe('e1');
  });

  test('[J13] remembers over a restart that a refusal may be forgotten, until it is refused for good', async () => {
    const journal = await open();
    const [event] = await journal.append([aDraft('refused')]);
    const refused = { id: event!.id, verdict: 'refused' as const, code: 'sync.deviceRevoked' };
    await journal.applyVerdicts({ epoch: 'e1', durable: false, verdicts: [refused] });
    expect(journal.outbox()[0]?.isForgettable).toBe(true);
    await journal.close();
    const again = await open();
    expect(again.outbox()[0]).toMatchObject({ state: 'refused', isForgettable: true });
    await again.applyVerdicts({ epoch: 'e1', durable: true, verdicts: [refused] });
    expect(again.outbox()[0]).toMatchObject({ state: 'refused', isForgettable: false });
  });

  test('[J14] another epoch offers again what was accepted in the last 30 days', async () => {
    const clock = steppedClock(T0);
    const journal = await open({ clock });
    const [old] = await journal.append([aDraft('old')]);
    await journal.enterEpoch('e1');
    await journal.applyVerdicts({
      epoch: 'e1',
      durable: true,
      verdicts: [{ id: old!.id, verdict: 'accepted' }],
    });
    clock.wallMs += 31 * 24 * 3_600_000;
    const [young] = await journal.append([aDraft('young')]);
    await journal.applyVerdicts({
      epoch: 'e1',
      durable: true,
      verdicts: [{ id: young!.id, verdict: 'accepted' }],
    });
    expect(journal.outbox()).toEqual([]);
    expect(await journal.enterEpoch('e1')).toBe(0);
    expect(await journal.enterEpoch('e2')).toBe(1);
    expect(texts(journal.outbox().map((item) => item.event))).toEqual(['young']);
    expect(journal.outbox()).toMatchObject([{ state: 'waiting', again: true }]);
    await journal.close();
    const again = await open({ clock });
    expect(again.outbox()).toMatchObject([{ state: 'waiting', again: true }]);
    expect(texts(again.outbox().map((item) => item.event))).toEqual(['young']);
    expect(again.epoch).toBe('e2');
  });

  test('[J14] another epoch offers again what was refused, unless a person has given it up', async () => {
    const journal = await open();
    const written = await journal.append([aDraft('refused'), aDraft('given up')]);
    await journal.enterEpoch('e1');
    await journal.applyVerdicts({
      epoch: 'e1',
      durable: true,
      verdicts: written.map(({ id }) => ({ id, verdict: 'refused', code: 'sync.noRight', detail: '' })),
    });
    await journal.release([written[1]!.id]);
    expect(await journal.enterEpoch('e2')).toBe(1);
    const offered = [{ event: { id: written[0]!.id }, state: 'waiting', verdict: null, again: true }];
    expect(journal.outbox()).toMatchObject(offered);
    expect(journal.outbox()).toHaveLength(1);
    await journal.close();
    const again = await open();
    expect(again.outbox()).toMatchObject(offered);
    expect(again.outbox()).toHaveLength(1);
  });
});
