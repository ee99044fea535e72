import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import type { Sql } from '../db/database.ts';
import type { DomainPort, State } from './domain.ts';

interface StoredRow {
  readonly scope: string;
  readonly key: string;
  readonly hlc: string;
  readonly id: string;
  readonly state: string;
}

/** One entity in one scope, and the new events that change it. */
interface Change {
  readonly scope: string;
  readonly key: string;
  readonly events: DomainEvent[];
}

/** Where a row begins: `null` stands for an entity of which nothing is known. */
const NOTHING = 'null';

/**
 * Brings the rows of all touched entities up to date. A row holds the facts of
 * one scope only, so that nobody sees through a row what he may not see as events. An
 * event that sorts before the last fact of a row makes the row be folded anew from all its facts.
 * @returns the ids of events that the domain could not fold, with the reason.
 */
export async function foldIntoRows(
  sql: Sql,
  domain: DomainPort,
  tenant: string,
  accepted: readonly { readonly event: DomainEvent }[],
): Promise<Map<string, string>> {
  const changes = new Map<string, Change>();
  for (const { event } of accepted) {
    for (const key of domain.touches(event)) {
      const place = `${event.scope}\n${key}`;
      const change = changes.get(place) ?? { scope: event.scope, key, events: [] };
      change.events.push(event);
      changes.set(place, change);
    }
  }
  const rows = await lockRows(sql, tenant, [...changes.values()]);
  const unfoldable = new Map<string, string>();
  const folded: StoredRow[] = [];
  for (const [place, { scope, key, events }] of changes) {
    const row = rows.get(place);
    if (row === undefined) throw new Error(`The row of ${key} in ${scope} was not locked.`);
    events.sort(compareEvents);
    const [first] = events;
    const late = first !== undefined && compareEvents(first, row) < 0;
    const all = late ? merge(await readFacts(sql, tenant, scope, key), events) : events;
    const start = late ? NOTHING : row.state;
    const state = foldState(domain, key, readState(start), all, unfoldable);
    const last = all.at(-1);
    if (last !== undefined)
      folded.push({ scope, key, hlc: last.hlc, id: last.id, state: JSON.stringify(state) });
  }
  await saveRows(sql, tenant, folded);
  await saveTouches(sql, tenant, [...changes.values()]);
  return unfoldable;
}

function readState(text: string): State | undefined {
  return (JSON.parse(text) as State | null) ?? undefined;
}

function merge(stored: DomainEvent[], fresh: readonly DomainEvent[]): DomainEvent[] {
  return [...stored, ...fresh].sort(compareEvents);
}

function foldState(
  domain: DomainPort,
  key: string,
  start: State | undefined,
  events: readonly DomainEvent[],
  unfoldable: Map<string, string>,
): State {
  let state = start;
  for (const event of events) {
    try {
      state = domain.evolve(key, state, event);
    } catch (error) {
      // It happened all the same: it is kept, counted and sent on, and shown as an exception.
      unfoldable.set(event.id, error instanceof Error ? error.message.slice(0, 300) : 'unknown');
    }
  }
  return state ?? {};
}

/**
 * Makes the missing rows and locks all, always in the same order, so that two
 * pushes that change the same entities follow each other and never wait in a ring.
 */
async function lockRows(
  sql: Sql,
  tenant: string,
  changes: readonly Change[],
): Promise<Map<string, StoredRow>> {
  const places = JSON.stringify(changes.map(({ scope, key }) => ({ scope, key })));
  await sql.query(
    `INSERT INTO rows (tenant, scope, key, hlc, id, state)
     SELECT $1, p.scope, p.key, '', '', '${NOTHING}' FROM json_to_recordset($2::json) AS p(scope text, key text)
     ORDER BY p.scope COLLATE "C", p.key COLLATE "C" ON CONFLICT DO NOTHING`,
    [tenant, places],
  );
  const rows = await sql.query<StoredRow>(
    `SELECT r.scope, r.key, r.hlc, r.id, r.state
     FROM rows r JOIN json_to_recordset($2::json) AS p(scope text, key text) ON r.scope = p.scope AND r.key = p.key
     WHERE r.tenant = $1 ORDER BY r.scope, r.key FOR UPDATE OF r`,
    [tenant, places],
  );
  return new Map(rows.map((row) => [`${row.scope}\n${row.key}`, row]));
}

async function readFacts(sql: Sql, tenant: string, scope: string, key: string): Promise<DomainEvent[]> {
  const rows = await sql.query<{ body: string }>(
    `SELECT e.body FROM event_entities t JOIN events e ON e.tenant = t.tenant AND e.id = t.id
     WHERE t.tenant = $1 AND t.scope = $2 AND t.key = $3 ORDER BY t.hlc, t.id`,
    [tenant, scope, key],
  );
  return rows.map(({ body }) => JSON.parse(body) as DomainEvent);
}

async function saveRows(sql: Sql, tenant: string, rows: readonly StoredRow[]): Promise<void> {
  await sql.query(
    `UPDATE rows SET hlc = n.hlc, id = n.id, state = n.state
     FROM json_to_recordset($2::json) AS n(scope text, key text, hlc text, id text, state text)
     WHERE rows.tenant = $1 AND rows.scope = n.scope AND rows.key = n.key`,
    [tenant, JSON.stringify(rows)],
  );
}

async function saveTouches(sql: Sql, tenant: string, changes: readonly Change[]): Promise<void> {
  const touches = changes.flatMap(({ scope, key, events }) =>
    events.map(({ hlc, id }) => ({ scope, key, hlc, id })),
  );
  await sql.query(
    `INSERT INTO event_entities (tenant, scope, key, hlc, id)
     SELECT $1, t.scope, t.key, t.hlc, t.id
     FROM json_to_recordset($2::json) AS t(scope text, key text, hlc text, id text)`,
    [tenant, JSON.stringify(touches)],
  );
}
