import type { PushAnswer, Verdict } from '#shared/sync/protocol.ts';
import type { Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import { sqlState, writeWithRetry, type Sql } from '../db/database.ts';
import { acceptEvents, type Accepted } from './accept-events.ts';
import { saveReferences } from '../blobs/blob-references.ts';
import { delivererOf, lockDevice, type Deliverer, type Run } from './deliverer.ts';
import type { DomainPort } from './domain.ts';
import { judge, refusal } from './judge.ts';
import { readVerdicts, saveRefusals } from './known-verdicts.ts';
import type { Judged, Offer } from './offer.ts';
import { viewOfTenant } from './rights.ts';
import { withAllRows } from './with-all-rows.ts';

export type PushContext = Pick<ServerContext, 'database' | 'domain' | 'epoch' | 'pokes' | 'now'>;

/**
 * Gives every offered event its verdict, in one transaction. Offering again
 * what was offered before gives the same verdict and changes nothing.
 * @returns one verdict for each offer, in the same order.
 * @throws Problem 409 `sync.clonedDevice`; then nothing was judged.
 */
export async function push(
  context: PushContext,
  session: Session,
  offers: readonly Offer[],
  run?: Run,
): Promise<PushAnswer> {
  const { database, domain, epoch } = context;
  const { tenant } = session.account;
  const take = async (sql: Sql) => {
    const isRevoked = await lockDevice(
      sql,
      tenant,
      session.deviceId,
      session.deviceRevoked ? undefined : run,
    );
    const now = { ...session, deviceRevoked: session.deviceRevoked || isRevoked };
    const from = await delivererOf(sql, now, offers);
    const known = await readVerdicts(sql, from, offers);
    const fresh = offers.filter(
      ({ id }, place) => !known.has(id) && offers.findIndex((o) => o.id === id) === place,
    );
    const stored = await store(sql, domain, from, await judge(sql, domain, from, fresh));
    for (const { offer, verdict } of stored.judged) known.set(offer.id, { hash: offer.hash, verdict });
    return {
      verdicts: offers.map((offer) => answer(offer, known.get(offer.id))),
      scopes: new Set(stored.scopes),
    };
  };
  const { verdicts, scopes } = await writeWithRetry(database, take, { as: viewOfTenant(tenant) });
  if (scopes.size > 0) context.pokes.changed(tenant, scopes);
  return { epoch, serverTime: new Date(context.now()).toISOString(), durable: database.durable, verdicts };
}

function answer(offer: Offer, known: { hash: string; verdict: Verdict } | undefined): Verdict {
  if (known === undefined) throw new Error(`The event ${offer.id} was left without a verdict.`);
  if (known.hash === offer.hash) return known.verdict;
  return refusal(offer.id, 'sync.forked', 'The server holds another event with this id.');
}

interface Stored {
  readonly judged: readonly Judged[];
  /** Those that have something new. */
  readonly scopes: readonly string[];
}

/** Writes all verdicts down, and returns them as written: storing can still turn a verdict. */
async function store(
  sql: Sql,
  domain: DomainPort,
  from: Deliverer,
  judged: readonly Judged[],
): Promise<Stored> {
  const refused = judged.filter(({ verdict }) => verdict.verdict === 'refused');
  const accepted = judged.flatMap(({ offer, verdict, byGuest }) =>
    offer.event === undefined || verdict.verdict === 'refused'
      ? []
      : [{ offer, event: offer.event, verdict, byGuest }],
  );
  await saveRefusals(sql, from, refused);
  const stored = await storeAccepted(sql, domain, from, accepted);
  await nameBlobs(sql, from, [...refused, ...stored.judged]);
  return { judged: [...refused, ...stored.judged], scopes: stored.scopes };
}

/** What is refused names its attachments too: the office may still take it in. */
async function nameBlobs(sql: Sql, from: Deliverer, judged: readonly Judged[]): Promise<void> {
  const writer = { tenant: from.account.tenant, account: from.account, carrier: from.carrier };
  for (const refused of [false, true]) {
    const events = judged.flatMap(({ offer: { event }, verdict }) =>
      event !== undefined && (verdict.verdict === 'refused') === refused ? [event] : [],
    );
    await saveReferences(sql, writer, events, refused);
  }
}

/**
 * All in one go, and one by one, each behind its own savepoint, when the database cannot hold one of them:
 * that one is then refused, and the others are not held up.
 */
async function storeAccepted(
  sql: Sql,
  domain: DomainPort,
  from: Deliverer,
  accepted: readonly Accepted[],
): Promise<Stored> {
  if (accepted.length === 0) return { judged: [], scopes: [] };
  await sql.query('SAVEPOINT accepting');
  try {
    return await acceptWithAllRows(sql, domain, from.account.tenant, accepted);
  } catch (error) {
    if (!isDataFault(error)) throw error;
    await sql.query('ROLLBACK TO SAVEPOINT accepting');
    if (accepted.length === 1) {
      const refused = accepted.map(({ offer, byGuest }) => ({
        offer,
        byGuest,
        verdict: refusal(offer.id, 'sync.malformed', 'The database cannot hold this event.'),
      }));
      await saveRefusals(sql, from, refused);
      return { judged: refused, scopes: [] };
    }
  }
  const judged: Judged[] = [];
  const scopes: string[] = [];
  for (const one of accepted) {
    const stored = await storeAccepted(sql, domain, from, [one]);
    judged.push(...stored.judged);
    scopes.push(...stored.scopes);
  }
  return { judged, scopes };
}

/** Behind the savepoint `accepting`: which other scopes get the events shows only behind a lock. */
export function acceptWithAllRows(
  sql: Sql,
  domain: DomainPort,
  tenant: string,
  accepted: readonly Accepted[],
): Promise<Stored> {
  return withAllRows(sql, 'accepting', (besides) => acceptEvents(sql, domain, tenant, accepted, besides));
}

/** SQLSTATE classes 22 (data exception) and 54 (program limit exceeded): the same data will never do. */
function isDataFault(error: unknown): boolean {
  return /^(22|54)/.test(sqlState(error) ?? '');
}
