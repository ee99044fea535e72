import { afterEach, expect, it, vi } from 'vitest';
import { aDraft } from '#test/support/journal-builders.ts';
import { type Desk, save } from './desk.ts';

afterEach(() => vi.unstubAllGlobals());

it('[ST31] what the journal has written is saved, also when the store has no room for it: it is told, and not to be entered again', async () => {
  const told: unknown[] = [];
  vi.stubGlobal('reportError', (thrown: unknown) => told.push(thrown));
  const full = new DOMException('No room.', 'QuotaExceededError');
  const desk = {
    host: { journal: { append: async () => ({ events: [] }) } },
    store: { applyLocal: () => Promise.reject(full) },
  } as unknown as Desk;
  await save(desk, [aDraft('a fact')]);
  expect(told).toEqual([full]);
});
