import { expect, test } from 'vitest';
import { errorOfResponse } from './error-of-response.ts';
import { failureOf } from './failure-of.ts';
import { needsLogin } from './sync-error.ts';

test.each([
  ['auth.reused', 'auth.reused'],
  ['auth.badSignature', 'auth.badSignature'],
  ['auth.ended', 'auth.ended'],
  ['auth.disabled', 'auth.disabled'],
  // Nothing more than that it has expired is known of these.
  ['auth.invalid', 'sync.needsLogin'],
  ['auth.somethingNew', 'sync.needsLogin'],
])('[SY99] a login that ended is told with its reason: %s', (serverCode, code) => {
  const refused = errorOfResponse({ status: 401, body: { code: serverCode }, retryAfterMs: undefined });
  expect(failureOf(refused)).toMatchObject({ kind: 'needsLogin', code });
  // As the keeper of the login says it, once the login is forgotten.
  expect(failureOf(needsLogin(refused.detail['serverCode']))).toMatchObject({ kind: 'needsLogin', code });
});
