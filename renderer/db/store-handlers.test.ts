import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { aTicket } from '#test/support/ticket-builder.ts';
import { createStoreHandlers } from './store-handlers.ts';

const YEARS = 56 * 365 * 86_400_000;

it('[T10] [S11] notes when a fact arrived by the time of the server, also after the database was opened anew', async () => {
  const wallMs = Date.parse('1970-01-02T00:00:00Z');
  const { store } = createStoreHandlers('store-by-server-time', () => wallMs);
  const context = { signal: new AbortController().signal };
  const { events } = aTicket();
  const arrivals = async (): Promise<number[]> =>
    (await store.eventsOf({ key: events[0]!.stream }, context)).map(({ arrivedAt }) => arrivedAt);
  await store.setClock({ offsetMs: YEARS }, context);
  await store.reopen({}, context);
  await store.applyLocal({ events }, context);
  expect(new Set(await arrivals())).toEqual(new Set([wallMs + YEARS]));
});
