import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Verdict } from '#shared/sync/protocol.ts';
import type { Sql } from '../db/database.ts';
import type { DomainPort } from './domain.ts';
import { foldIntoRows, lockRows, placesOf, unlockedOf, type Place } from './fold-into-rows.ts';
import { numberEntries } from './number-entries.ts';
import { storable, type Offer } from './offer.ts';
import { planDelivery } from './plan-delivery.ts';
import { saveReasons } from './plan-records.ts';
import { saveShares, type Share } from './shares.ts';
import { MoreRowsNeeded } from './with-all-rows.ts';

export interface Accepted {
  readonly offer: Offer;
  readonly event: DomainEvent;
  readonly verdict: Verdict;
  readonly byGuest: boolean;
}

/**
 * Folds the events into the rows of their own scopes and of those that their streams are shared into, and then writes
 * them down with their numbers.
 * @param besides rows to lock besides those of the events' own scopes.
 * @param anew shares of tickets that stand, and whose records are looked up again.
 * @returns the verdicts, and the scopes that have something new.
 * @throws MoreRowsNeeded when a stream is shared into rows that `besides` does not name, or records come or go: only
 * behind the lock is it known for sure.
 */
export async function acceptEvents(
  sql: Sql,
  domain: DomainPort,
  tenant: string,
  accepted: readonly Accepted[],
  besides: readonly Place[] = [],
  anew: readonly Share[] = [],
): Promise<{ judged: Accepted[]; scopes: string[] }> {
  const events = accepted.map(({ event }) => event);
  const own = events.map((event) => ({ scope: event.scope, event }));
  const rows = await lockRows(sql, tenant, [...placesOf(domain, own), ...besides]);
  const delivery = await planDelivery(sql, tenant, rows, accepted, anew);
  const places = placesOf(domain, [...delivery.gained, ...delivery.lost]);
  if (unlockedOf(rows, places).length > 0) throw new MoreRowsNeeded(places);

  const gained = [...own, ...delivery.gained];
  const unfoldable = await foldIntoRows(sql, domain, tenant, rows, gained, delivery.lost);
  await saveShares(sql, tenant, delivery.shares);
  await saveReasons(sql, tenant, delivery.reasons);
  const judged = accepted.map((one) => {
    const detail = unfoldable.get(one.offer.id);
    if (detail !== undefined) return withException(one, 'sync.notFolded', detail);
    return delivery.unknownTargets.has(one.offer.id)
      ? withException(one, 'sync.unknownTarget', UNKNOWN_TARGET)
      : one;
  });
  const records = judged.map(({ offer: { id, hash, body }, event, verdict, byGuest: guest }) => {
    const { scope, stream, device, hlc } = event;
    const { code, detail } = verdict;
    return { scope, id, stream, device, hlc, hash, code, detail, guest, body };
  });
  return { judged, scopes: await numberEntries(sql, tenant, records, delivery.entries) };
}

const UNKNOWN_TARGET = 'There is no scope to share with under this name: nothing was delivered.';

/** What went wrong first is what is said. */
function withException(one: Accepted, code: string, detail: string): Accepted {
  if (one.verdict.code !== undefined) return one;
  return {
    ...one,
    verdict: { id: one.offer.id, verdict: 'acceptedWithException', code, detail: storable(detail) },
  };
}
