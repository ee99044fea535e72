import type { PushAnswer, Verdict } from '#shared/sync/protocol.ts';
import type { Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import { sqlState, writeWithRetry, type Sql } from '../db/database.ts';
import { acceptEvents, type Accepted } from './accept-events.ts';
import { ChainHeads } from './chain-heads.ts';
import type { DomainPort } from './domain.ts';
import { readVerdicts, saveRefusals } from './known-verdicts.ts';
import type { Judged, Offer } from './offer.ts';
import { mayWrite } from './rights.ts';

/**
 * Gives every offered event its verdict, in one transaction. Offering again
 * what was offered before gives the same verdict and changes nothing.
 * @returns one verdict for each offer, in the same order.
 */
export async function push(
  context: ServerContext,
  session: Session,
  offers: readonly Offer[],
): Promise<PushAnswer> {
  const { database, domain, epoch } = context;
  const { tenant } = session.account;
  const { verdicts, scopes } = await writeWithRetry(database, async (sql) => {
    // The device's row is the lock: a push that is repeated while the first still runs waits for its verdicts.
    await sql.query('SELECT 1 FROM devices WHERE tenant = $1 AND id = $2 FOR UPDATE', [
      tenant,
      session.deviceId,
    ]);
    const known = await readVerdicts(sql, tenant, session.deviceId, offers);
    const fresh = offers.filter(
      ({ id }, place) => !known.has(id) && offers.findIndex((o) => o.id === id) === place,
    );
    const judged = await judge(sql, domain, session, fresh);
    const stored = await store(sql, domain, session, judged);
    for (const { offer, verdict } of stored) known.set(offer.id, { hash: offer.hash, verdict });
    return {
      verdicts: offers.map((offer) => answer(offer, known.get(offer.id))),
      scopes: new Set(
        stored.flatMap(({ offer, verdict }) => (verdict.verdict === 'refused' ? [] : scopeOf(offer))),
      ),
    };
  });
  if (scopes.size > 0) context.pokes.changed(tenant, scopes);
  return { epoch, serverTime: new Date(context.now()).toISOString(), durable: database.durable, verdicts };
}

function scopeOf(offer: Offer): string[] {
  return offer.event === undefined ? [] : [offer.event.scope];
}

function answer(offer: Offer, known: { hash: string; verdict: Verdict } | undefined): Verdict {
  if (known === undefined) throw new Error(`The event ${offer.id} was left without a verdict.`);
  if (known.hash === offer.hash) return known.verdict;
  return refusal(offer.id, 'sync.forked', 'The server holds another event with this id.');
}

function refusal(id: string, code: string, detail: string): Verdict {
  return { id, verdict: 'refused', code, detail };
}

async function judge(
  sql: Sql,
  domain: DomainPort,
  session: Session,
  offers: readonly Offer[],
): Promise<Judged[]> {
  const { tenant } = session.account;
  const wanted = [...new Set(offers.flatMap(scopeOf))];
  const rows = await sql.query<{ scope: string }>(
    'SELECT scope FROM scopes WHERE tenant = $1 AND scope = ANY($2)',
    [tenant, wanted],
  );
  const scopes = new Set(rows.map(({ scope }) => scope));
  const chains = await ChainHeads.read(sql, tenant, session.deviceId, offers);
  return offers.map((offer) => {
    const refused = refuse(domain, session, scopes, offer);
    const broken = offer.event?.device === session.deviceId && chains.follow(offer);
    if (refused !== undefined) return { offer, verdict: refused };
    if (!broken) return { offer, verdict: { id: offer.id, verdict: 'accepted' } };
    const detail = "The event does not name this device's previous event in its stream.";
    return {
      offer,
      verdict: { id: offer.id, verdict: 'acceptedWithException', code: 'sync.chainBroken', detail },
    };
  });
}

/** Only what is malformed, or what the user had no right to do: never what happened. */
function refuse(
  domain: DomainPort,
  session: Session,
  scopes: ReadonlySet<string>,
  { id, event, fault }: Offer,
): Verdict | undefined {
  if (event === undefined) return refusal(id, 'sync.malformed', fault);
  const { account, deviceId } = session;
  if (event.actor !== account.id) return refusal(id, 'sync.wrongActor', 'The event names another user.');
  if (event.device !== deviceId) return refusal(id, 'sync.wrongDevice', 'The event names another device.');
  if (!scopes.has(event.scope)) return refusal(id, 'sync.unknownScope', `There is no scope ${event.scope}.`);
  if (!mayWrite(account, event.scope, event.type)) {
    return refusal(id, 'sync.noRight', `This user may not add ${event.type} to ${event.scope}.`);
  }
  const malformed = domain.fault(event);
  return malformed === undefined ? undefined : refusal(id, 'sync.malformed', malformed);
}

/** Writes all verdicts down, and returns them as written: storing can still turn a verdict. */
async function store(
  sql: Sql,
  domain: DomainPort,
  session: Session,
  judged: readonly Judged[],
): Promise<Judged[]> {
  const refused = judged.filter(({ verdict }) => verdict.verdict === 'refused');
  const accepted = judged.flatMap(({ offer, verdict }) =>
    offer.event === undefined || verdict.verdict === 'refused'
      ? []
      : [{ offer, event: offer.event, verdict }],
  );
  await saveRefusals(sql, session, refused);
  return [...refused, ...(await storeAccepted(sql, domain, session, accepted))];
}

/**
 * All in one go, and one by one, each behind its own savepoint, when the database cannot hold one of them:
 * that one is then refused, and the others are not held up.
 */
async function storeAccepted(
  sql: Sql,
  domain: DomainPort,
  session: Session,
  accepted: readonly Accepted[],
): Promise<Judged[]> {
  if (accepted.length === 0) return [];
  await sql.query('SAVEPOINT accepting');
  try {
    return await acceptEvents(sql, domain, session.account.tenant, accepted);
  } catch (error) {
    if (!isDataFault(error)) throw error;
    await sql.query('ROLLBACK TO SAVEPOINT accepting');
    if (accepted.length === 1) {
      const refused = accepted.map(({ offer }) => ({
        offer,
        verdict: refusal(offer.id, 'sync.malformed', 'The database cannot hold this event.'),
      }));
      await saveRefusals(sql, session, refused);
      return refused;
    }
  }
  const judged: Judged[] = [];
  for (const one of accepted) judged.push(...(await storeAccepted(sql, domain, session, [one])));
  return judged;
}

/** SQLSTATE classes 22 (data exception) and 54 (program limit exceeded): the same data will never do. */
function isDataFault(error: unknown): boolean {
  return /^(22|54)/.test(sqlState(error) ?? '');
}
