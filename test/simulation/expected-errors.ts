import { SyncError } from '#electron/services/sync/sync-error.ts';
import { errorCode } from '#shared/host/errors.ts';

const EXPECTED: ReadonlySet<string | undefined> = new Set([
  'journal.diskFull',
  'host.diskFull',
  'blobs.diskFull',
  'sync.offline',
  'sync.needsLogin',
  'sync.cutOff',
  'sync.badAnswer',
  'sync.captivePortal',
  'sync.notAServer',
  'sync.otherVersion',
  'sync.serverFault',
  'sync.damagedSegment',
  'sync.otherEpoch',
  'sync.clonedDevice',
  'sync.deviceRevoked',
  // It was wiped in the middle of what a person was doing.
  'app.noWorkspace',
]);

/** True for what the faults of the simulation bring about by design. */
export function isExpected(thrown: unknown): boolean {
  if (EXPECTED.has(errorCode(thrown))) return true;
  if (thrown instanceof DOMException && thrown.name === 'QuotaExceededError') return true;
  // A restored server does not have the segments of the manifest that was fetched before.
  return thrown instanceof SyncError && thrown.detail['serverCode'] === 'sync.unknownSegment';
}
