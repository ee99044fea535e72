import { mayBeShared, namedBy, readSharing } from '#shared/domain/sharing.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import type { Sql } from '../db/database.ts';
import type { FactIn, LockedRows } from './fold-into-rows.ts';
import type { Entry } from './number-entries.ts';
import { planRecords, type NewFact, type RecordPlan } from './plan-records.ts';
import { placeOf, readSharesOf, type Share } from './shares.ts';

/** What new facts mean for other scopes than their own. */
export interface Delivery {
  /** Facts that other scopes get, and facts that they lose. */
  readonly gained: readonly FactIn[];
  readonly lost: readonly FactIn[];
  readonly entries: readonly Entry[];
  readonly shares: readonly Share[];
  readonly reasons: Pick<RecordPlan, 'added' | 'removed'>;
  /** Facts that share with a scope that does not exist. */
  readonly unknownTargets: ReadonlySet<string>;
}
const NOTHING: Delivery = {
  gained: [],
  lost: [],
  entries: [],
  shares: [],
  reasons: { added: [], removed: [] },
  unknownTargets: new Set(),
};

/**
 * What has to be delivered besides. Only what stands in the same home scope goes along with a share: whoever may
 * write in one scope opens nothing of another by writing into a stream of the same name. Several words on one share
 * in one push count as their last one, because no reader sees a push in halves.
 *
 * True as long as the rows of the streams in their home scopes are locked: every writer of `shares` and of facts holds them.
 * @param anew shares of tickets that stand, and whose records are looked up again.
 * @throws MoreRowsNeeded when records come or go whose rows in their home scope are not locked.
 */
export async function planDelivery(
  sql: Sql,
  tenant: string,
  rows: LockedRows,
  facts: readonly NewFact[],
  anew: readonly Share[] = [],
): Promise<Delivery> {
  const candidates = facts.map(({ event }) => event).filter(({ stream }) => mayBeShared(stream));
  if (candidates.length + anew.length === 0) return NOTHING;
  const streams = candidates.flatMap((event) =>
    [event.stream, ...namedBy(event).tickets].map((stream) => ({ home: event.scope, stream })),
  );
  const before = await readSharesOf(sql, tenant, [...streams, ...anew]);
  const sharings = candidates.filter((event) => readSharing(event) !== undefined).toSorted(compareEvents);
  if (sharings.length === 0 && ![...before.values()].some(({ active }) => active)) return NOTHING;

  const { decided, unknownTargets } = await decide(sql, tenant, before, sharings);
  const tickets = [...new Map([...before, ...decided]).values()]
    .filter(({ stream }) => stream.startsWith('ticket/'))
    .map((share) => ({
      share,
      wasActive: before.get(placeOf(share))?.active === true,
      anew: anew.some((one) => placeOf(one) === placeOf(share)),
    }));
  const records = await planRecords(sql, tenant, rows, tickets, facts);

  const stood = new Map([...before, ...records.before]);
  const changed = new Map([...decided, ...records.decided]);
  const plan = { gained: [] as FactIn[], lost: [] as FactIn[], entries: [] as Entry[] };
  for (const share of new Map([...stood, ...changed]).values()) {
    const fresh = candidates.filter(({ stream, scope }) => stream === share.stream && scope === share.home);
    const wasActive = stood.get(placeOf(share))?.active === true;
    if (share.active) {
      const earlier = wasActive ? [] : await readStream(sql, tenant, share);
      for (const event of [...earlier, ...fresh]) {
        plan.gained.push({ scope: share.scope, event });
        plan.entries.push(entryOf(share, 'event', event.id));
      }
    } else if (wasActive) {
      const held = await readStream(sql, tenant, share);
      plan.lost.push(...held.map((event) => ({ scope: share.scope, event })));
      plan.entries.push(entryOf(share, 'left', share.id));
    }
  }
  return { ...plan, shares: [...changed.values()], reasons: records, unknownTargets };
}

/** The shares after these facts: the later word by (hlc, id) stands, in whatever order the words arrive. */
async function decide(
  sql: Sql,
  tenant: string,
  before: ReadonlyMap<string, Share>,
  sharings: readonly DomainEvent[],
): Promise<{ decided: Map<string, Share>; unknownTargets: Set<string> }> {
  const decided = new Map<string, Share>();
  const unknownTargets = new Set<string>();
  if (sharings.length === 0) return { decided, unknownTargets };
  const targets = new Set(sharings.flatMap((event) => readSharing(event)?.with ?? []));
  const rows = await sql.query<{ scope: string }>(
    'SELECT scope FROM scopes WHERE tenant = $1 AND scope = ANY($2)',
    [tenant, [...targets]],
  );
  const existing = new Set(rows.map(({ scope }) => scope));
  for (const event of sharings) {
    const sharing = readSharing(event);
    if (sharing === undefined || sharing.with === event.scope) continue;
    if (!existing.has(sharing.with)) {
      unknownTargets.add(event.id);
      continue;
    }
    const { stream, scope: home, hlc, id } = event;
    const share: Share = { stream, home, scope: sharing.with, hlc, id, active: sharing.shares };
    const stands = decided.get(placeOf(share)) ?? before.get(placeOf(share));
    if (stands === undefined || compareEvents(share, stands) > 0) decided.set(placeOf(share), share);
  }
  return { decided, unknownTargets };
}

/** The facts of a stream in its home scope, in the order of their numbers, without purged ones. */
export async function readStream(
  sql: Sql,
  tenant: string,
  { stream, home }: Pick<Share, 'stream' | 'home'>,
): Promise<DomainEvent[]> {
  const rows = await sql.query<{ body: string }>(
    `SELECT e.body FROM event_entities t JOIN events e ON e.tenant = t.tenant AND e.id = t.id
     WHERE t.tenant = $1 AND t.key = $2 AND t.scope = $3 AND e.stream = $2 AND e.scope = $3 ORDER BY e.n`,
    [tenant, stream, home],
  );
  return rows.map(({ body }) => JSON.parse(body) as DomainEvent);
}

export function entryOf({ scope, stream, home }: Share, kind: Entry['kind'], id: string): Entry {
  return { scope, kind, id, stream, home };
}
