import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldEntity } from '#shared/domain/projection.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { EventBuilder, opening } from '#test/support/event-builder.ts';
import { indexedDbFiles, openSite, serveStore, type StoreSite } from '#test/support/store-in-chromium.ts';
import { aTicket } from '#test/support/ticket-builder.ts';

const SECRET = 'rectifier-says-nothing-7291';
const SZ = 'region/sz';

/** What the laptop gets and does before its browser ends. */
const ticket = aTicket({ symptom: SECRET }).graded('P2');
const known = [...ticket.events];
const waiting = ticket.assigned().accepted().events.slice(known.length);
const others = (() => {
  const builder = new EventBuilder('SZ04');
  return Array.from({ length: 20 }, (_, at) =>
    builder.make(`ticket/o${at}`, 'ticket.opened', opening({ number: `o${at}`, symptom: `${SECRET} ${at}` })),
  );
})();
const segment = [...gzipSync(JSON.stringify(foldEntity('ticket/t1', known)))];
const lines: PullLine[] = [
  { k: 'head', epoch: 'e1', serverTime: '', scopes: [SZ], lost: [] },
  ...others.map((event, index): PullLine => ({ k: 'event', scope: SZ, n: index + 3, event })),
  { k: 'end', cursors: { [SZ]: others.length + 2 }, more: false },
];

/** The engine of the browser is on its way from the one to the other (references in docs/decisions/0004). */
const BACK_ENDS = [
  { name: 'LevelDB', features: [], isSqlite: false },
  // The second one is the plan for everybody; in this build the first one does it.
  { name: 'SQLite', features: ['IdbSqliteBackingStore', 'IdbSqliteOnDiskRollout'], isSqlite: true },
];

describe.each(BACK_ENDS)('IndexedDB on $name', ({ features, isSqlite }) => {
  let site: StoreSite;
  let profile: string;
  beforeAll(async () => {
    site = await serveStore();
    profile = await mkdtemp(path.join(tmpdir(), 'faultline-profile-'));
  });
  afterAll(async () => {
    await site.close();
    await rm(profile, { recursive: true, force: true });
  });

  it('[ST25] keeps pages, overlay, facts and position over a restart, sealed on the disk', async () => {
    const first = await openSite(site, profile, features);
    await first.page.evaluate(
      async ({ segment, lines, waiting }) => {
        const store = await window.openStore('w', { key: new Uint8Array(32).fill(4), protection: 'os' });
        await store.stagePage({ scope: 'region/sz', sha256: 'a', bytes: new Uint8Array(segment) });
        const checksum = { count: 2, hash: '0000000000000000' };
        await store.adoptScope({
          epoch: 'e1',
          scope: 'region/sz',
          cursor: 2,
          checksum,
          pages: ['a'],
          isLast: true,
        });
        await store.applyPull({ lines });
        await store.applyLocal({ events: waiting });
        await store.list({ view: 'all', userId: '', search: '', sort: 'newest', offset: 0, limit: 5 });
      },
      { segment, lines, waiting },
    );
    await first.context.close();

    const files = await indexedDbFiles(profile);
    const stores = [...files].filter(([name]) => name.startsWith('IndexedDB/'));
    const isOfSqlite = stores.some(([, content]) => content.subarray(0, 15).toString() === 'SQLite format 3');
    expect(isOfSqlite, stores.map(([name]) => name).join('\n')).toBe(isSqlite);
    for (const [name, content] of files) {
      expect(content.includes(SECRET), name).toBe(false);
      expect(content.includes(Buffer.from(SECRET, 'utf16le')), name).toBe(false);
    }

    const second = await openSite(site, profile, features);
    const seen = await second.page.evaluate(async () => {
      const store = await window.openStore('w', { key: new Uint8Array(32).fill(4), protection: 'os' });
      const query = { view: 'all', userId: '', search: '', sort: 'newest', offset: 0, limit: 50 } as const;
      return {
        firstPage: (await store.firstPage({}))?.answer.items.length,
        total: (await store.list(query)).total,
        state: (await store.row({ key: 'ticket/t1' }))?.state,
        facts: (await store.eventsOf({ key: 'ticket/t1' })).map(({ standing }) => standing),
        position: await store.position({}),
      };
    });
    expect(seen).toMatchObject({
      firstPage: 5,
      total: 21,
      state: JSON.parse(JSON.stringify(ticket.state)),
      facts: ['local', 'local'],
      position: { epoch: 'e1', cursors: { [SZ]: 22 }, isBootstrapped: true, damaged: [] },
    });

    await second.page.evaluate(() => indexedDB.deleteDatabase('faultline-w') && undefined);
    const gone = await second.page.evaluate(async () => {
      const store = await window.openStore('w', { key: new Uint8Array(32).fill(4), protection: 'os' });
      return (await store.position({})).isBootstrapped;
    });
    expect(gone).toBe(false);
    await second.context.close();
  }, 120_000);
});
