import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Verdict } from '#shared/sync/protocol.ts';
import type { Sql } from '../db/database.ts';
import { ChainHeads } from './chain-heads.ts';
import type { Deliverer } from './deliverer.ts';
import type { DomainPort } from './domain.ts';
import { storable, type Judged, type Offer } from './offer.ts';
import { maySee, mayWrite } from './rights.ts';

/** Gives each offer its verdict, as far as it can be told before it is stored. */
export async function judge(
  sql: Sql,
  domain: DomainPort,
  from: Deliverer,
  offers: readonly Offer[],
): Promise<Judged[]> {
  if (offers.length === 0) return [];
  const { tenant } = from.account;
  const scopes = await readScopes(sql, tenant, offers);
  const shared = await sharedWith(sql, from, offers);
  const chains = await ChainHeads.read(sql, tenant, from.devices, offers);
  return offers.map((offer) => {
    const refused = refuse(domain, from, scopes, shared, offer);
    const byGuest = offer.event !== undefined && isGuest(from, offer.event);
    const broken = offer.event !== undefined && from.devices.has(offer.event.device) && chains.follow(offer);
    if (refused !== undefined) return { offer, verdict: refused, byGuest };
    if (!broken) return { offer, verdict: { id: offer.id, verdict: 'accepted' }, byGuest };
    const detail = "The event does not name this device's previous event in its stream.";
    return {
      offer,
      verdict: { id: offer.id, verdict: 'acceptedWithException', code: 'sync.chainBroken', detail },
      byGuest,
    };
  });
}

export function refusal(id: string, code: string, detail: string): Verdict {
  // It may quote what was sent.
  return { id, verdict: 'refused', code, detail: storable(detail) };
}

/** Only what is malformed, or what the user had no right to do: never what happened. */
function refuse(
  domain: DomainPort,
  { account, devices, isRevoked }: Deliverer,
  scopes: ReadonlySet<string>,
  shared: ReadonlySet<string>,
  { id, event, fault }: Offer,
): Verdict | undefined {
  if (isRevoked) {
    return refusal(
      id,
      'sync.deviceRevoked',
      'The device is revoked. The office has what it sent, and decides.',
    );
  }
  if (event === undefined) return refusal(id, 'sync.malformed', fault);
  if (event.actor !== account.id) return refusal(id, 'sync.wrongActor', 'The event names another user.');
  if (!devices.has(event.device)) return refusal(id, 'sync.wrongDevice', 'The event names another device.');
  if (!scopes.has(event.scope)) return refusal(id, 'sync.unknownScope', `There is no scope ${event.scope}.`);
  if (!mayWrite(account, event.scope, event.type, { shared: shared.has(placeOf(event)) })) {
    return refusal(id, 'sync.noRight', `This user may not add ${event.type} to ${event.scope}.`);
  }
  const malformed = domain.fault(event);
  return malformed === undefined ? undefined : refusal(id, 'sync.malformed', malformed);
}

/** Whether the author may add the fact at most because its stream is shared with him. */
function isGuest({ account }: Pick<Deliverer, 'account'>, { scope, type }: DomainEvent): boolean {
  return !mayWrite(account, scope, type);
}

async function readScopes(sql: Sql, tenant: string, offers: readonly Offer[]): Promise<Set<string>> {
  const wanted = new Set(offers.flatMap(({ event }) => event?.scope ?? []));
  const rows = await sql.query<{ scope: string }>(
    'SELECT scope FROM scopes WHERE tenant = $1 AND scope = ANY($2)',
    [tenant, [...wanted]],
  );
  return new Set(rows.map(({ scope }) => scope));
}

/** Streams, each in its home scope, that are shared into a scope the user sees; asked only where it matters. */
async function sharedWith(sql: Sql, { account }: Deliverer, offers: readonly Offer[]): Promise<Set<string>> {
  const foreign = offers.flatMap(({ event }) =>
    event !== undefined && isGuest({ account }, event) ? [event.stream] : [],
  );
  if (foreign.length === 0) return new Set();
  const rows = await sql.query<{ stream: string; home: string; scope: string }>(
    'SELECT stream, home, scope FROM shares WHERE tenant = $1 AND stream = ANY($2) AND active',
    [account.tenant, foreign],
  );
  const seen = rows.filter(({ scope }) => maySee(account, scope));
  return new Set(seen.map(({ stream, home }) => placeOf({ stream, scope: home })));
}

function placeOf({ stream, scope }: { readonly stream: string; readonly scope: string }): string {
  return `${scope}\n${stream}`;
}
