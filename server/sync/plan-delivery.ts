import { mayBeShared, readSharing } from '#shared/domain/sharing.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import type { Sql } from '../db/database.ts';
import type { FactIn } from './fold-into-rows.ts';
import type { Entry } from './number-entries.ts';

/** Whether a stream of a home scope goes to another scope too, and the fact that decided so. */
export interface Share {
  readonly stream: string;
  readonly home: string;
  readonly scope: string;
  readonly hlc: string;
  readonly id: string;
  readonly active: boolean;
}

/** What new facts mean for other scopes than their own. */
export interface Delivery {
  /** Facts that other scopes get, and facts that they lose. */
  readonly gained: readonly FactIn[];
  readonly lost: readonly FactIn[];
  readonly entries: readonly Entry[];
  readonly shares: readonly Share[];
  /** Facts that share with a scope that does not exist. */
  readonly unknownTargets: ReadonlySet<string>;
}
const NOTHING: Delivery = { gained: [], lost: [], entries: [], shares: [], unknownTargets: new Set() };

/**
 * What has to be delivered besides. Only what stands in the same home scope goes along with a share: whoever may
 * write in one scope opens nothing of another by writing into a stream of the same name. Several words on one share
 * in one push count as their last one, because no reader sees a push in halves.
 *
 * True as long as the rows of the streams in their home scopes are locked: every writer of `shares` and of facts holds them.
 */
export async function planDelivery(
  sql: Sql,
  tenant: string,
  events: readonly DomainEvent[],
): Promise<Delivery> {
  const candidates = events.filter(({ stream }) => mayBeShared(stream));
  if (candidates.length === 0) return NOTHING;
  const before = await readShares(sql, tenant, candidates);
  const sharings = candidates.filter((event) => readSharing(event) !== undefined).toSorted(compareEvents);
  if (sharings.length === 0 && !before.some(({ active }) => active)) return NOTHING;

  const places = new Map(before.map((share) => [placeOf(share), share]));
  const { decided, unknownTargets } = await decide(sql, tenant, places, sharings);
  const plan = { gained: [] as FactIn[], lost: [] as FactIn[], entries: [] as Entry[] };
  for (const share of new Map([...places, ...decided]).values()) {
    const fresh = candidates.filter(({ stream, scope }) => stream === share.stream && scope === share.home);
    const wasActive = places.get(placeOf(share))?.active === true;
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
  return { ...plan, shares: [...decided.values()], unknownTargets };
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

async function readShares(sql: Sql, tenant: string, events: readonly DomainEvent[]): Promise<Share[]> {
  const rows = await sql.query<Share>(
    `SELECT stream, home, scope, hlc, id, active FROM shares
     WHERE tenant = $1 AND stream = ANY($2) ORDER BY stream, home, scope`,
    [tenant, [...new Set(events.map(({ stream }) => stream))]],
  );
  const homes = new Set(events.map(({ stream, scope }) => `${scope}\n${stream}`));
  return rows.filter(({ stream, home }) => homes.has(`${home}\n${stream}`));
}

/** The facts of a stream in its home scope, in the order of their numbers, without purged ones. */
async function readStream(sql: Sql, tenant: string, { stream, home }: Share): Promise<DomainEvent[]> {
  const rows = await sql.query<{ body: string }>(
    `SELECT e.body FROM event_entities t JOIN events e ON e.tenant = t.tenant AND e.id = t.id
     WHERE t.tenant = $1 AND t.key = $2 AND t.scope = $3 AND e.stream = $2 AND e.scope = $3 ORDER BY e.n`,
    [tenant, stream, home],
  );
  return rows.map(({ body }) => JSON.parse(body) as DomainEvent);
}

function entryOf({ scope, stream, home }: Share, kind: Entry['kind'], id: string): Entry {
  return { scope, kind, id, stream, home };
}

function placeOf({ home, stream, scope }: Pick<Share, 'home' | 'stream' | 'scope'>): string {
  return `${home}\n${stream}\n${scope}`;
}
