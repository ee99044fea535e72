import { expect, test } from 'vitest';
import { failureKindOf } from './failure.ts';

test.each([
  ['sync.offline', 'offline'],
  ['sync.serverFault', 'offline'],
  ['sync.badAnswer', 'offline'],
  ['sync.captivePortal', 'captive'],
  ['sync.untrustedCertificate', 'certificate'],
  ['sync.needsLogin', 'needsLogin'],
  ['sync.otherVersion', 'otherVersion'],
  ['sync.otherEpoch', 'otherEpoch'],
  ['sync.clonedDevice', 'cloned'],
  ['sync.deviceRevoked', 'revoked'],
  ['sync.refusedRequest', 'unreadable'],
  ['journal.diskFull', 'here'],
  ['host.internal', 'here'],
])('[SY83] %s means %s to the engine', (code, kind) => {
  expect(failureKindOf(code)).toBe(kind);
});
