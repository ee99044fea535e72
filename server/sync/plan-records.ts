import { namedBy } from '#shared/domain/sharing.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Sql } from '../db/database.ts';
import { unlockedOf, type LockedRows, type Place } from './fold-into-rows.ts';
import { placeOf, readSharesOf, type Share } from './shares.ts';
import { MoreRowsNeeded } from './with-all-rows.ts';

/** Why a record of a home scope is in another scope: a ticket that is shared there names it. */
export interface Reason {
  readonly home: string;
  /** The record. */
  readonly stream: string;
  readonly scope: string;
  /** The ticket. */
  readonly because: string;
}

/** A fact that is about to be written down. */
export interface NewFact {
  readonly event: DomainEvent;
  /** Its author could add it only because the stream is shared with him: it opens nothing to him. */
  readonly byGuest: boolean;
}

/** What a ticket's share was and is. */
export interface TicketShare {
  readonly share: Share;
  readonly wasActive: boolean;
  /** Look again at all that the ticket names, although it was shared before. */
  readonly anew?: boolean;
}

/** The records that come and go with tickets. */
export interface RecordPlan {
  /** How the records' shares stood; those without one were not shared. */
  readonly before: ReadonlyMap<string, Share>;
  /** Those that change. */
  readonly decided: ReadonlyMap<string, Share>;
  readonly added: readonly Reason[];
  readonly removed: readonly Reason[];
}

const NOTHING: RecordPlan = { before: new Map(), decided: new Map(), added: [], removed: [] };

/** A reason and the fact that made or ended it. */
interface Change {
  readonly reason: Reason;
  readonly cause: { readonly hlc: string; readonly id: string };
}

/**
 * Which records go along with tickets, and which leave with them. A record is in a scope as long as one ticket that is
 * shared there names it. Reasons of a ticket are written only by who holds the lock on its row in its home scope.
 * @throws MoreRowsNeeded unless the rows of the records that come or go are locked at home: their facts are read here.
 */
export async function planRecords(
  sql: Sql,
  tenant: string,
  rows: LockedRows,
  tickets: readonly TicketShare[],
  facts: readonly NewFact[],
): Promise<RecordPlan> {
  const added = await readAdded(sql, tenant, tickets, facts);
  const ended = tickets.filter(({ share, wasActive }) => wasActive && !share.active);
  const removed = await readReasonsOf(sql, tenant, ended);
  return settleRecords(sql, tenant, rows, added, removed);
}

/** What becomes of records when these reasons come and go. @throws MoreRowsNeeded as `planRecords`. */
export async function settleRecords(
  sql: Sql,
  tenant: string,
  rows: LockedRows,
  added: readonly Change[],
  removed: readonly Change[],
): Promise<RecordPlan> {
  const changes = [...added, ...removed];
  if (changes.length === 0) return NOTHING;
  const places: Place[] = changes.map(({ reason }) => ({ scope: reason.home, key: reason.stream }));
  if (unlockedOf(rows, places).length > 0) throw new MoreRowsNeeded(places);

  const before = await readSharesOf(
    sql,
    tenant,
    places.map(({ scope: home, key: stream }) => ({ home, stream })),
  );
  const kept = await readKept(sql, tenant, changes, removed);
  for (const { reason } of added) kept.add(placeOf(reason));
  const decided = new Map<string, Share>();
  for (const { reason, cause } of changes) {
    const { home, stream, scope } = reason;
    const place = placeOf(reason);
    const active = kept.has(place);
    if (active === (before.get(place)?.active === true)) continue;
    decided.set(place, { home, stream, scope, hlc: cause.hlc, id: cause.id, active });
  }
  const reasonsOf = (list: readonly Change[]): Reason[] => list.map(({ reason }) => reason);
  return { before, decided, added: reasonsOf(added), removed: reasonsOf(removed) };
}

/** Reasons that are new: all that a ticket names when it is shared, what a fact names in it while it is. */
async function readAdded(
  sql: Sql,
  tenant: string,
  tickets: readonly TicketShare[],
  facts: readonly NewFact[],
): Promise<Change[]> {
  const active = tickets.filter(({ share }) => share.active);
  const begun = active.filter(({ wasActive, anew }) => !wasActive || anew === true);
  const stored = await readNames(sql, tenant, begun);
  const wanted = new Map<string, Change>();
  for (const ticket of active) {
    const { home, scope, stream: because } = ticket.share;
    const want = (stream: string, cause: Change['cause']): void => {
      const reason = { home, stream, scope, because };
      if (!wanted.has(nameOf(reason))) wanted.set(nameOf(reason), { reason, cause });
    };
    if (begun.includes(ticket))
      for (const record of stored.get(`${home}\n${because}`) ?? []) want(record, ticket.share);
    for (const { event, byGuest } of facts) {
      if (byGuest || event.scope !== home) continue;
      const { tickets: of, records } = namedBy(event);
      if (of.includes(because)) for (const record of records) want(record, event);
    }
  }
  if (wanted.size === 0) return [];
  const known = await sql.query<Reason>(
    `SELECT r.home, r.stream, r.scope, r.because FROM share_reasons r
     JOIN json_to_recordset($2::json) AS w(home text, stream text, scope text, because text)
       ON r.because = w.because AND r.home = w.home AND r.scope = w.scope AND r.stream = w.stream
     WHERE r.tenant = $1`,
    [tenant, JSON.stringify([...wanted.values()].map(({ reason }) => reason))],
  );
  for (const reason of known) wanted.delete(nameOf(reason));
  return [...wanted.values()];
}

/** By home and ticket, what the facts that are stored name. */
async function readNames(
  sql: Sql,
  tenant: string,
  tickets: readonly TicketShare[],
): Promise<Map<string, Set<string>>> {
  const names = new Map<string, Set<string>>();
  if (tickets.length === 0) return names;
  const rows = await sql.query<{ key: string; home: string; body: string }>(
    `SELECT t.key, t.scope AS home, e.body
     FROM (SELECT DISTINCT home, stream FROM json_to_recordset($2::json) AS w(home text, stream text)) w
     JOIN event_entities t ON t.key = w.stream AND t.scope = w.home
     JOIN events e ON e.tenant = t.tenant AND e.id = t.id AND e.scope = t.scope
     WHERE t.tenant = $1 AND NOT e.by_guest ORDER BY t.hlc, t.id`,
    [tenant, JSON.stringify(tickets.map(({ share: { home, stream } }) => ({ home, stream })))],
  );
  for (const { key, home, body } of rows) {
    const place = `${home}\n${key}`;
    const found = names.get(place) ?? new Set();
    for (const record of namedBy(JSON.parse(body) as DomainEvent).records) found.add(record);
    names.set(place, found);
  }
  return names;
}

async function readReasonsOf(sql: Sql, tenant: string, ended: readonly TicketShare[]): Promise<Change[]> {
  if (ended.length === 0) return [];
  const rows = await sql.query<Reason>(
    `SELECT r.home, r.stream, r.scope, r.because FROM share_reasons r
     JOIN json_to_recordset($2::json) AS w(home text, stream text, scope text)
       ON r.because = w.stream AND r.home = w.home AND r.scope = w.scope
     WHERE r.tenant = $1 ORDER BY r.scope, r.stream`,
    [tenant, JSON.stringify(ended.map(({ share: { home, stream, scope } }) => ({ home, stream, scope })))],
  );
  const causes = new Map(ended.map(({ share }) => [placeOf(share), share]));
  return rows.flatMap((reason) => {
    const cause = causes.get(placeOf({ ...reason, stream: reason.because }));
    return cause === undefined ? [] : [{ reason, cause }];
  });
}

/** The places of these records that keep a reason when the removed ones are gone. */
async function readKept(
  sql: Sql,
  tenant: string,
  changes: readonly Change[],
  removed: readonly Change[],
): Promise<Set<string>> {
  const rows = await sql.query<Pick<Reason, 'home' | 'stream' | 'scope'>>(
    `SELECT DISTINCT r.home, r.stream, r.scope FROM share_reasons r
     WHERE r.tenant = $1 AND r.stream = ANY($2) AND NOT EXISTS (
       SELECT 1 FROM json_to_recordset($3::json) AS g(home text, stream text, scope text, because text)
       WHERE g.because = r.because AND g.home = r.home AND g.scope = r.scope AND g.stream = r.stream)`,
    [
      tenant,
      [...new Set(changes.map(({ reason }) => reason.stream))],
      JSON.stringify(removed.map(({ reason }) => reason)),
    ],
  );
  return new Set(rows.map(placeOf));
}

/** Writes down which reasons there are now. */
export async function saveReasons(
  sql: Sql,
  tenant: string,
  { added, removed }: Pick<RecordPlan, 'added' | 'removed'>,
): Promise<void> {
  if (removed.length > 0) {
    await sql.query(
      `DELETE FROM share_reasons r
       USING json_to_recordset($2::json) AS g(home text, stream text, scope text, because text)
       WHERE r.tenant = $1 AND g.because = r.because AND g.home = r.home AND g.scope = r.scope AND g.stream = r.stream`,
      [tenant, JSON.stringify(removed)],
    );
  }
  if (added.length === 0) return;
  await sql.query(
    `INSERT INTO share_reasons (tenant, home, stream, scope, because)
     SELECT $1, a.home, a.stream, a.scope, a.because
     FROM json_to_recordset($2::json) AS a(home text, stream text, scope text, because text)`,
    [tenant, JSON.stringify(added)],
  );
}

function nameOf({ home, stream, scope, because }: Reason): string {
  return `${home}\n${stream}\n${scope}\n${because}`;
}
