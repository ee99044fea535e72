import type { TFunction } from 'i18next';
import { expect, test } from 'vitest';
import type { SyncStatus } from '#shared/host/sync.ts';
import { troubleOf } from './explain-trouble.ts';
import { tellState } from './tell-state.ts';

const t = ((key: string, values: object) => `${key} ${JSON.stringify(values ?? {})}`) as unknown as TFunction;
const status = (part: Partial<SyncStatus>): SyncStatus =>
  ({ state: 'online', transfer: null, ...part }) as SyncStatus;
const fetching = { kind: 'bootstrap', doneBytes: 42, totalBytes: 100 } as SyncStatus['transfer'];

test('the first fetch is told with its progress instead of "online"', () => {
  expect(tellState(status({ transfer: fetching }), '', t)).toBe('sync.fetching {"percent":42}');
  expect(tellState(status({ state: 'offline', transfer: fetching }), '09:12', t)).toBe(
    'sync.state.offline {"since":"09:12"}',
  );
});

test('a login that ended because the server was restored says so', () => {
  expect(tellState(status({ state: 'needsLogin', loginReason: 'restored' }), '', t)).toBe(
    'sync.loginReason.restored {}',
  );
  expect(tellState(status({ state: 'needsLogin' }), '', t)).toBe('sync.state.needsLogin {"since":""}');
});

test('what stands is told before the last error of a request', () => {
  const lastError = { code: 'sync.needsLogin', message: '' };
  const codeOf = (part: Partial<SyncStatus>) => troubleOf(status({ lastError, ...part }))?.code;
  expect(codeOf({ state: 'needsLogin', loginReason: 'restored' })).toBe('sync.loginRestored');
  expect(codeOf({ state: 'otherVersion' })).toBe('sync.otherVersion');
  expect(codeOf({ state: 'needsLogin' })).toBe('sync.needsLogin');
  expect(codeOf({ state: 'online', lastError: null })).toBe(undefined);
});
