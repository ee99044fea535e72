import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { AttackedServer, DATABASES } from '#test/support/attack/attacked-server.ts';
import { newUser, PASSWORD } from '#test/support/attack/victim.ts';
import { ask, codeOf } from '#test/support/login-device.ts';
import { PUSH_QUEUE } from '#server/sync/push-queue.ts';
import { askRunningServer } from '#server/ops/control.ts';
import type { SyncDevice } from '#test/support/sync-device.ts';

/** Reads from a line of pokes until it ends. */
async function openLine(device: SyncDevice): Promise<{ ended: Promise<void>; stop: () => void }> {
  const stop = new AbortController();
  const response = await fetch(`${device.url}/v1/poke`, {
    headers: { authorization: `Bearer ${device.login.token}` },
    signal: stop.signal,
  });
  const read = async (): Promise<void> => {
    for await (const _ of response.body ?? []);
  };
  return { ended: read().catch(() => undefined), stop: () => stop.abort() };
}

describe.each(DATABASES)('What is taken away while it is in use on %s', (kind) => {
  let server: AttackedServer;
  const staff = (id: string): Promise<SyncDevice> =>
    newUser(server, { tenant: 'acme', id, roles: ['engineer'], homeRegion: 'sz' });

  beforeAll(async () => {
    server = await AttackedServer.start(kind);
  }, 180_000);
  afterAll(async () => {
    await server?.close();
  }, 60_000);

  /** Sends a request that has to wait for these rows, and changes the database while it does. */
  const changedMeanwhile = async <T>(
    rows: string,
    changes: readonly string[],
    request: () => Promise<T>,
  ): Promise<T> => {
    const client = new Client({ connectionString: server.databaseUrl });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SELECT 1 FROM ${rows} FOR UPDATE`);
      const answer = request();
      for (let waiting = 0; waiting === 0;) {
        const [row] = await server.rows<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
        );
        waiting = row?.n ?? 0;
      }
      for (const change of changes) await client.query(change);
      await client.query('COMMIT');
      return await answer;
    } finally {
      await client.end();
    }
  };
  const revokedMeanwhile = <T>({ login }: SyncDevice, request: () => Promise<T>): Promise<T> => {
    const device = `devices WHERE tenant = 'acme' AND id = '${login.deviceId}'`;
    const revoke = `UPDATE ${device.replace('WHERE', `SET revoked_at = 1, revoked_by = 'x' WHERE`)}`;
    return changedMeanwhile(device, [revoke], request);
  };
  /** What a new password does. */
  const newPassword = (user: string): string[] => [
    `UPDATE users SET password_hash = 'other' WHERE tenant = 'acme' AND id = '${user}'`,
    `UPDATE logins SET ended_at = 1, ended_by = 'changed' WHERE tenant = 'acme' AND user_id = '${user}'`,
    `DELETE FROM sessions WHERE tenant = 'acme' AND user_id = '${user}'`,
  ];
  const TENANT = `tenants WHERE tenant = 'acme'`;

  it.runIf(kind === 'PostgreSQL')('[AT14] judges a push by the revocation that it waited for', async () => {
    const device = await staff('pushes');
    const answer = await revokedMeanwhile(device, () =>
      device.push([device.event({ stream: 'probe/late' })]),
    );
    expect(answer.verdicts).toMatchObject([{ verdict: 'refused', code: 'sync.deviceRevoked' }]);
  });

  it.runIf(kind === 'PostgreSQL')('[AT14] makes no new device of one that is revoked meanwhile', async () => {
    const device = await staff('renews');
    const body = { device: { name: 'x', platform: 'x' } };
    const answer = await revokedMeanwhile(device, () => device.request('POST', '/v1/devices/renew', body));
    expect(answer).toMatchObject({ status: 403, body: { code: 'auth.deviceRevoked' } });
    expect(await server.rows(`SELECT id FROM devices WHERE user_id = 'renews'`)).toHaveLength(1);
  });

  it.runIf(kind === 'PostgreSQL')(
    '[SY54] opens no login by a password that is replaced meanwhile',
    async () => {
      await staff('replaced');
      const body = {
        tenant: 'acme',
        user: 'replaced',
        password: PASSWORD,
        device: { name: 'x', platform: 'x' },
      };
      const answer = await changedMeanwhile(TENANT, newPassword('replaced'), () =>
        ask(server.url, 'POST', '/v1/login', body),
      );
      expect(codeOf(answer)).toEqual([401, 'auth.wrongPassword']);
      expect(await server.rows(`SELECT 1 FROM sessions WHERE user_id = 'replaced'`)).toEqual([]);
    },
  );

  it.runIf(kind === 'PostgreSQL')('[SY54] makes no new device for a login that ends meanwhile', async () => {
    const device = await staff('ended');
    const body = { device: { name: 'x', platform: 'x' } };
    const answer = await changedMeanwhile(TENANT, newPassword('ended'), () =>
      device.request('POST', '/v1/devices/renew', body),
    );
    expect(codeOf(answer)).toEqual([401, 'auth.invalid']);
    expect(await server.rows(`SELECT 1 FROM sessions WHERE user_id = 'ended'`)).toEqual([]);
  });

  it.runIf(kind === 'PostgreSQL')('[SY62] takes in what comes while its stream is purged', async () => {
    const device = await staff('late');
    const stream = 'probe/going';
    const fact = () => device.event({ stream });
    await device.push([fact()]);
    const late = fact();
    const answer = await changedMeanwhile(
      `rows WHERE tenant = 'acme' AND key = '${stream}'`,
      [
        `DELETE FROM rows WHERE tenant = 'acme' AND key = '${stream}'`,
        `DELETE FROM event_entities WHERE tenant = 'acme' AND key = '${stream}'`,
        `UPDATE events SET purged = true, body = '' WHERE tenant = 'acme' AND stream = '${stream}'`,
      ],
      () =>
        device.request('POST', '/v1/push', {
          device: device.login.deviceId,
          epoch: server.running.epoch,
          events: [late],
        }),
    );
    expect(answer).toMatchObject({ status: 200, body: { verdicts: [{ id: late.id, verdict: 'accepted' }] } });
    expect((await device.entity(stream)).map(({ id }) => id)).toEqual([late.id]);
  });

  it.runIf(kind === 'PostgreSQL')(
    '[AT14] judges a push that waited for its turn by the rights of that moment',
    async () => {
      const [busy, waiter] = [await staff('busy'), await staff('moved')];
      const push = (device: SyncDevice) =>
        device.request('POST', '/v1/push', {
          device: device.login.deviceId,
          epoch: server.running.epoch,
          events: [device.event({ stream: 'probe/waited', scope: 'region/sz' })],
        });
      const client = new Client({ connectionString: server.databaseUrl });
      await client.connect();
      try {
        await client.query('BEGIN');
        await client.query(`SELECT 1 FROM devices WHERE tenant = 'acme' FOR UPDATE`);
        const { running, waiting } = PUSH_QUEUE;
        const first = Array.from({ length: running }, () => push(busy));
        for (let blocked = 0; blocked < running;) {
          const [row] = await server.rows<{ n: number }>(
            `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
          );
          blocked = row?.n ?? 0;
        }
        // One more than may wait, so that one is turned away: then all the others do wait, at least one of these two.
        const judged = [push(waiter), push(waiter)];
        const rest = Array.from({ length: waiting - 1 }, () => push(busy));
        await expect(Promise.race([...judged, ...rest])).resolves.toMatchObject({ status: 503 });
        await client.query(`UPDATE users SET home_region = 'bj' WHERE tenant = 'acme' AND id = 'moved'`);
        await client.query('COMMIT');
        await Promise.all([...first, ...rest]);
        const answers = (await Promise.all(judged)).filter(({ status }) => status !== 503);
        expect(answers).not.toEqual([]);
        for (const { body } of answers)
          expect(body).toMatchObject({ verdicts: [{ verdict: 'refused', code: 'sync.noRight' }] });
      } finally {
        await client.end();
      }
    },
  );

  it('[AT15] gives one device a few lines of pokes, and takes none from others', async () => {
    const [greedy, other] = [await staff('greedy'), await staff('patient')];
    const kept = await openLine(other);
    let isKept = true;
    void kept.ended.then(() => (isKept = false));
    const lines = [];
    for (let opened = 0; opened < 10; opened++) lines.push(await openLine(greedy));
    await Promise.all(lines.slice(0, 6).map(({ ended }) => ended));
    expect(isKept).toBe(true);
    for (const { stop } of [...lines, kept]) stop();
  });

  it.runIf(kind === 'PGlite')(
    '[AT16] leaves no word of a purged stream, accepted, refused or malformed',
    async () => {
      const secret = 'canary-purged';
      const device = await staff('writer');
      const stream = 'ticket/purged';
      const odd = { ...device.event({ stream, data: { text: secret } }), actor: 'somebody' };
      const malformed = {
        ...device.event({ stream, data: { text: secret } }),
        hlc: 'x'.repeat(30),
        extra: secret,
      };
      const foreign = { ...device.event({ stream, data: { text: secret } }), device: 'another-device' };
      await device.push([
        device.event({ stream, data: { text: secret } }),
        device.event({ stream, type: 'ticket.noted', data: { text: '', [secret]: secret } }),
        device.event({ stream, scope: 'region/none', data: { text: secret } }),
        odd,
        malformed,
        foreign,
      ]);
      await device.manifest();
      await askRunningServer(server.folder, 'purge', { tenant: 'acme', stream });
      const tables = await server.rows<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
      );
      for (const { name } of tables) {
        const rows = await server.rows(`SELECT 1 FROM ${name} t WHERE position('${secret}' IN t::text) > 0`);
        expect([name, rows.length]).toEqual([name, 0]);
      }
      const { segments } = await device.manifest();
      expect(
        [...(await server.snapshot('acme')).keys()].filter((name) => name.startsWith('segments/')),
      ).toHaveLength(segments.length);
    },
  );
});
