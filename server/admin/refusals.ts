import type { AdminRefusal, RefusalPage, RefusalQuerySchema, RefusalRef } from '#shared/sync/admin.ts';
import type { z } from 'zod';
import { EventSchema, type DomainEvent } from '#shared/events/envelope.ts';
import { findAccount } from '../auth/accounts.ts';
import { saveReferences } from '../blobs/blob-references.ts';
import type { Sql } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { readOffer } from '../sync/offer.ts';
import { acceptWithAllRows } from '../sync/push.ts';
import { mayWrite } from '../sync/rights.ts';
import { isoOf, nextKey, unknown, type Office } from './office.ts';

/**
 * What was refused only because a right or a device was gone: a person can decide that it counts all the same. What is malformed
 * or forged stays refused.
 */
export const QUARANTINED: readonly string[] = ['sync.noRight', 'sync.deviceRevoked'];

interface RefusalRow {
  readonly device: string;
  readonly id: string;
  readonly userId: string;
  readonly userName: string | null;
  readonly code: string;
  readonly detail: string | null;
  readonly receivedAt: number;
  readonly body: string;
}

interface Loss {
  readonly userId: string;
  readonly scope: string;
  readonly lostAt: number;
}

/** What waits for the office's word, of the users in reach, the oldest first. */
export async function listRefusals(
  office: Office,
  query: z.output<typeof RefusalQuerySchema>,
): Promise<RefusalPage> {
  office.demand('refusals');
  const [afterId = '', afterDevice = ''] = query.after.split(' ');
  const rows = await readRefusals(office.database, office, null, {
    afterId,
    afterDevice,
    limit: query.limit,
  });
  const next = nextKey(
    rows.map(({ id, device }) => `${id} ${device}`),
    query.limit,
  );
  const losses = await readLosses(office, rows);
  return { refusals: rows.map((row) => refusalOf(office, row, losses)), next };
}

/**
 * Appends the fact as it was sent, marked as accepted by the office. The device that sent it is told so when it offers it again,
 * everybody else when he pulls.
 * @throws Problem 404 `admin.unknown`, 409 `admin.notAcceptable`.
 */
export async function acceptRefusal(office: Office, ref: RefusalRef): Promise<void> {
  office.demand('refusals');
  const { tenant, context } = office;
  const scopes = await office.change(async (sql) => {
    await lockDevice(sql, tenant, ref.device);
    const row = await readRefusal(sql, office, ref);
    const { mayAccept, event } = refusalOf(office, row);
    const offer = readOffer(event);
    if (!mayAccept || offer?.event === undefined) throw notAcceptable();
    if (context.domain.fault(offer.event) !== undefined) throw notAcceptable();
    await requireNew(sql, tenant, offer.event);
    const detail = `Accepted by ${office.session.account.id}: ${ref.reason}`;
    const code = 'sync.acceptedByOffice';
    await sql.query('SAVEPOINT accepting');
    const stored = await acceptWithAllRows(sql, context.domain, tenant, [
      {
        offer,
        event: offer.event,
        verdict: { id: offer.id, verdict: 'acceptedWithException', code, detail },
        // It counts by the right of the office, which has looked at it.
        byGuest: false,
      },
    ]);
    const writer = { tenant, account: await findAccount(sql, tenant, offer.event.actor) };
    await saveReferences(sql, writer, [offer.event]);
    await decide(sql, office, ref, row, 'accepted');
    return stored.scopes;
  });
  context.pokes.changed(tenant, scopes);
}

/** The refusal stands: the fact stays where it is kept, and is listed no more. @throws Problem 404 `admin.unknown`. */
export async function dismissRefusal(office: Office, ref: RefusalRef): Promise<void> {
  office.demand('refusals');
  await office.change(async (sql) => {
    const row = await readRefusal(sql, office, ref);
    await decide(sql, office, ref, row, 'dismissed');
  });
}

/** A push of the same device waits for the decision, and then gives the verdict that it made. */
function lockDevice(sql: Sql, tenant: string, device: string): Promise<unknown> {
  return sql.query('SELECT 1 FROM devices WHERE tenant = $1 AND id = $2 FOR UPDATE', [tenant, device]);
}

function notAcceptable(): Problem {
  return new Problem(
    409,
    'admin.notAcceptable',
    'This fact cannot be accepted: it is malformed or not the device’s own, its scope is gone, or this user may not add it himself.',
  );
}

async function requireNew(sql: Sql, tenant: string, event: DomainEvent): Promise<void> {
  const scopes = await sql.query('SELECT 1 FROM scopes WHERE tenant = $1 AND scope = $2', [
    tenant,
    event.scope,
  ]);
  const known = await sql.query('SELECT 1 FROM events WHERE tenant = $1 AND id = $2', [tenant, event.id]);
  if (scopes.length === 0 || known.length > 0) throw notAcceptable();
}

async function decide(
  sql: Sql,
  office: Office,
  { device, id, reason }: RefusalRef,
  { code, userId }: RefusalRow,
  decision: 'accepted' | 'dismissed',
): Promise<void> {
  await sql.query(
    `UPDATE refusals SET decision = $4, decided_at = $5, decided_by = $6
     WHERE tenant = $1 AND device = $2 AND id = $3`,
    [office.tenant, device, id, decision, office.context.now(), office.session.account.id],
  );
  await office.audit(sql, {
    act: `refusal.${decision}`,
    subject: `event/${id}`,
    detail: { device, user: userId, code, reason },
  });
}

async function readRefusal(sql: Sql, office: Office, { device, id }: RefusalRef): Promise<RefusalRow> {
  const [row] = await readRefusals(sql, office, { device, id }, { afterId: '', afterDevice: '', limit: 1 });
  if (row === undefined) throw unknown(`undecided fact ${id}`);
  return row;
}

function readRefusals(
  sql: Sql,
  office: Office,
  one: { readonly device: string; readonly id: string } | null,
  page: { readonly afterId: string; readonly afterDevice: string; readonly limit: number },
): Promise<RefusalRow[]> {
  return sql.query<RefusalRow>(
    `SELECT f.device, f.id, f.user_id AS "userId", u.name AS "userName", f.code, f.detail, f.body,
       floor(extract(epoch FROM f.received_at) * 1000)::bigint AS "receivedAt"
     FROM refusals f LEFT JOIN users u ON u.tenant = f.tenant AND u.id = f.user_id
     WHERE f.tenant = $1 AND f.decision IS NULL AND f.code = ANY($2) AND f.body <> ''
       AND ($3::text IS NULL OR (f.device = $3 AND f.id = $4)) AND (f.id, f.device) > ($5, $6)
       AND ($7::text[] IS NULL OR u.home_region = ANY($7))
     ORDER BY f.id, f.device LIMIT $8`,
    [
      office.tenant,
      QUARANTINED,
      one?.device ?? null,
      one?.id ?? null,
      page.afterId,
      page.afterDevice,
      office.regionsOf('refusals'),
      page.limit,
    ],
  );
}

/** When these users lost which scopes. Not by a join: PostgreSQL cannot look into a body that has an escaped NUL anywhere. */
function readLosses(office: Office, rows: readonly RefusalRow[]): Promise<Loss[]> {
  return office.database.query<Loss>(
    `SELECT user_id AS "userId", scope, lost_at AS "lostAt" FROM scope_losses
     WHERE tenant = $1 AND user_id = ANY($2)`,
    [office.tenant, [...new Set(rows.map(({ userId }) => userId))]],
  );
}

function refusalOf(office: Office, row: RefusalRow, losses: readonly Loss[] = []): AdminRefusal {
  // Of a revoked device even what is malformed is kept as it came.
  const parsed = EventSchema.safeParse(JSON.parse(row.body));
  const event = parsed.success ? parsed.data : null;
  const { account } = office.session;
  const loss = losses.find(({ userId, scope }) => userId === row.userId && scope === event?.scope);
  return {
    device: row.device,
    id: row.id,
    userId: row.userId,
    userName: row.userName ?? row.userId,
    code: row.code,
    detail: row.detail,
    receivedAt: new Date(row.receivedAt).toISOString(),
    lostAt: isoOf(loss?.lostAt ?? null),
    mayAccept: event?.device === row.device && mayWrite(account, event.scope, event.type),
    event,
  };
}
