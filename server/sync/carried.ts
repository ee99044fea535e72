import { createHash } from 'node:crypto';
import { canonicalJson } from '#shared/events/hash-chain.ts';
import type { PushAnswer } from '#shared/sync/protocol.ts';
import { ACCOUNT_COLUMNS, readAccount, type AccountRow } from '../auth/accounts.ts';
import { deviceSigned } from '../auth/device-key.ts';
import type { Session } from '../auth/sessions.ts';
import { Problem } from '../http/problem.ts';
import type { Offer } from './offer.ts';
import { push, type PushContext } from './push.ts';

/** Facts of a device that somebody else has brought, as they were signed. */
export interface Carried {
  readonly device: string;
  readonly events: readonly unknown[];
  readonly offers: readonly Offer[];
  readonly signature: string;
}

/** What the device signed: see `CarriedRequestSchema`. */
export function carriedText(device: string, events: readonly unknown[]): string {
  const hash = createHash('sha256').update(canonicalJson(events)).digest('hex');
  return `faultline-carried\n${device}\n${hash}`;
}

/**
 * Judges the facts as a push of the device that made and signed them: who carries them gives them no right and takes
 * none away, and when the device pushes them itself later, it gets the same verdicts.
 * @throws Problem 403 `sync.badSignature` when the device has no key here or did not sign this; nothing is kept then.
 */
export async function takeCarried(
  context: PushContext,
  carrier: Session,
  carried: Carried,
): Promise<PushAnswer> {
  const { tenant } = carrier.account;
  const [row] = await context.database.query<
    AccountRow & { publicKey: string | null; disabled: boolean; revoked: boolean }
  >(
    `SELECT ${ACCOUNT_COLUMNS}, u.disabled, d.public_key AS "publicKey", d.revoked_at IS NOT NULL AS revoked
     FROM devices d JOIN users u ON u.tenant = d.tenant AND u.id = d.user_id
     WHERE d.tenant = $1 AND d.id = $2`,
    [tenant, carried.device],
  );
  const { device, events, signature } = carried;
  const key = row?.publicKey ?? null;
  if (row === undefined || key === null || !deviceSigned(key, carriedText(device, events), signature)) {
    throw new Problem(
      403,
      'sync.badSignature',
      'These facts are not signed by the device that they name, so nothing of them was taken. Export them anew on that laptop.',
    );
  }
  const origin: Session = {
    account: readAccount(row),
    deviceId: device,
    expiresAtMs: carrier.expiresAtMs,
    // Of a user who is gone the office decides, as of a device that is.
    deviceRevoked: row.revoked || row.disabled,
    carrier: carrier.account.id,
  };
  return push(context, origin, carried.offers);
}
