import type { LoginAnswer, LoginRequest } from '#shared/sync/protocol.ts';
import { recordAudit } from '../audit/audit-log.ts';
import { lockTenant } from '../auth/accounts.ts';
import { checkDeviceKey } from '../auth/device-key.ts';
import { registerDevice } from '../auth/devices.ts';
import { answerLogin } from '../auth/open-login.ts';
import { revokedDevice, stillStands, unknownLogin, type Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import { writeWithRetry } from '../db/database.ts';
import { lockDevice } from './deliverer.ts';

/**
 * Makes a laptop whose profile was copied a device of its own, of the same user: with a new id and a new code for its
 * numbers. It succeeds the old device, so it may still hand in what it wrote as that one; the other copy goes on as before.
 * @throws Problem 400 `auth.badKey`, 401 `auth.invalid`, 403 `auth.deviceRevoked`.
 */
export async function renewDevice(
  context: ServerContext,
  session: Session,
  claim: LoginRequest['device'],
  address: string,
): Promise<LoginAnswer> {
  const { account, deviceId } = session;
  const nowMs = context.now();
  const key = claim.publicKey === undefined ? undefined : checkDeviceKey(claim.publicKey);
  return writeWithRetry(context.database, async (sql) => {
    const { name, platform } = claim;
    // Looked at again behind their locks: a login that ends, or a device that is revoked in this moment, must not come out as one
    // that is not.
    await lockTenant(sql, account.tenant);
    if (await lockDevice(sql, account.tenant, deviceId, undefined)) throw revokedDevice();
    if (!(await stillStands(sql, session))) throw unknownLogin();
    const device = await registerDevice(sql, account, { name, platform }, nowMs);
    await sql.query('UPDATE devices SET succeeds = $3 WHERE tenant = $1 AND id = $2', [
      account.tenant,
      device.id,
      deviceId,
    ]);
    const actor = { tenant: account.tenant, userId: account.id, deviceId, address };
    const subject = `device/${device.id}`;
    await recordAudit(sql, actor, nowMs, { act: 'device.renewed', subject, detail: { succeeds: deviceId } });
    return answerLogin(sql, context, account, device, key);
  });
}
