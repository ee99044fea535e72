import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import type { Sql } from '../db/database.ts';
import type { DomainPort, State } from './domain.ts';

/** A fact in a scope that gives it: its own one, or one that its stream is shared into. */
export interface FactIn {
  readonly scope: string;
  readonly event: DomainEvent;
}

/** An entity in one scope: what a row stands for. */
export interface Place {
  readonly scope: string;
  readonly key: string;
}

interface StoredRow extends Place {
  readonly hlc: string;
  readonly id: string;
  readonly state: string;
}

/** One entity in one scope, the new events that change it, and those that stand in this scope no longer. */
interface Change extends Place {
  readonly gained: DomainEvent[];
  readonly lost: DomainEvent[];
}

/** Where a row begins: `null` stands for an entity of which nothing is known. */
const NOTHING = 'null';

/** Rows that are locked until the transaction ends, as they stand. */
export type LockedRows = ReadonlyMap<string, StoredRow>;

/** The rows that these facts change. */
export function placesOf(domain: DomainPort, facts: readonly FactIn[]): Place[] {
  return facts.flatMap(({ scope, event }) => domain.touches(event).map((key) => ({ scope, key })));
}

/** Those of the places that are not locked. */
export function unlockedOf(rows: LockedRows, places: readonly Place[]): Place[] {
  return places.filter((place) => !rows.has(nameOf(place)));
}

/**
 * Makes the missing rows and locks all, always in the same order, so that two
 * pushes that change the same entities follow each other and never wait in a ring.
 */
export async function lockRows(sql: Sql, tenant: string, wanted: readonly Place[]): Promise<LockedRows> {
  const unique = new Map(wanted.map(({ scope, key }) => [nameOf({ scope, key }), { scope, key }]));
  const places = JSON.stringify([...unique.values()]);
  for (;;) {
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
    // One that was there when the missing ones were made, and that the lock's last owner has removed, is made anew.
    if (rows.length === unique.size) return new Map(rows.map((row) => [nameOf(row), row]));
  }
}

/**
 * Brings the rows of all touched entities up to date. A row holds the facts of
 * one scope only, so that nobody sees through a row what he may not see as events. An
 * event that sorts before the last fact of a row, or one that goes away, makes the row be folded anew from all its
 * facts; a row without facts goes.
 * @returns the ids of events that the domain could not fold, with the reason.
 */
export async function foldIntoRows(
  sql: Sql,
  domain: DomainPort,
  tenant: string,
  rows: LockedRows,
  gained: readonly FactIn[],
  lost: readonly FactIn[] = [],
): Promise<Map<string, string>> {
  const changes = changesOf(domain, gained, lost);
  const unfoldable = new Map<string, string>();
  const folded: StoredRow[] = [];
  const empty: Place[] = [];
  for (const change of changes) {
    const { scope, key } = change;
    const row = rows.get(nameOf(change));
    if (row === undefined) throw new Error(`The row of ${key} in ${scope} was not locked.`);
    change.gained.sort(compareEvents);
    const [first] = change.gained;
    const isAnew = change.lost.length > 0 || (first !== undefined && compareEvents(first, row) < 0);
    const all = isAnew ? await allFacts(sql, tenant, change) : change.gained;
    const state = foldState(domain, key, readState(isAnew ? NOTHING : row.state), all, unfoldable);
    const last = all.at(-1);
    if (last === undefined) empty.push({ scope, key });
    else folded.push({ scope, key, hlc: last.hlc, id: last.id, state: JSON.stringify(state) });
  }
  const changed = new Set(changes.map(nameOf));
  // Locked for a share that has ended meanwhile: a row that was made for nothing must not be seen.
  for (const row of rows.values()) if (row.id === '' && !changed.has(nameOf(row))) empty.push(row);
  await save(sql, tenant, folded, touchesOf(changes, 'gained'));
  await remove(sql, tenant, empty, touchesOf(changes, 'lost'));
  return unfoldable;
}

function changesOf(domain: DomainPort, gained: readonly FactIn[], lost: readonly FactIn[]): Change[] {
  const changes = new Map<string, Change>();
  const note = (list: 'gained' | 'lost', { scope, event }: FactIn): void => {
    for (const key of domain.touches(event)) {
      const change = changes.get(nameOf({ scope, key })) ?? { scope, key, gained: [], lost: [] };
      change[list].push(event);
      changes.set(nameOf(change), change);
    }
  };
  for (const fact of gained) note('gained', fact);
  for (const fact of lost) note('lost', fact);
  return [...changes.values()];
}

function nameOf({ scope, key }: Place): string {
  return `${scope}\n${key}`;
}

function readState(text: string): State | undefined {
  return (JSON.parse(text) as State | null) ?? undefined;
}

async function allFacts(
  sql: Sql,
  tenant: string,
  { scope, key, gained, lost }: Change,
): Promise<DomainEvent[]> {
  const gone = new Set(lost.map(({ id }) => id));
  const stored = await readFacts(sql, tenant, scope, key);
  return [...stored.filter(({ id }) => !gone.has(id)), ...gained].sort(compareEvents);
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

async function readFacts(sql: Sql, tenant: string, scope: string, key: string): Promise<DomainEvent[]> {
  const rows = await sql.query<{ body: string }>(
    `SELECT e.body FROM event_entities t JOIN events e ON e.tenant = t.tenant AND e.id = t.id
     WHERE t.tenant = $1 AND t.scope = $2 AND t.key = $3 ORDER BY t.hlc, t.id`,
    [tenant, scope, key],
  );
  return rows.map(({ body }) => JSON.parse(body) as DomainEvent);
}

interface Touch extends Place {
  readonly hlc: string;
  readonly id: string;
}

function touchesOf(changes: readonly Change[], list: 'gained' | 'lost'): Touch[] {
  return changes.flatMap((change) =>
    change[list].map(({ hlc, id }) => ({ scope: change.scope, key: change.key, hlc, id })),
  );
}

/** Rows and what they were folded of, in one statement. */
async function save(
  sql: Sql,
  tenant: string,
  rows: readonly StoredRow[],
  touches: readonly Touch[],
): Promise<void> {
  await sql.query(
    `WITH saved AS (
       UPDATE rows SET hlc = n.hlc, id = n.id, state = n.state
       FROM json_to_recordset($2::json) AS n(scope text, key text, hlc text, id text, state text)
       WHERE rows.tenant = $1 AND rows.scope = n.scope AND rows.key = n.key
     )
     INSERT INTO event_entities (tenant, scope, key, hlc, id)
     SELECT $1, t.scope, t.key, t.hlc, t.id
     FROM json_to_recordset($3::json) AS t(scope text, key text, hlc text, id text)`,
    [tenant, JSON.stringify(rows), JSON.stringify(touches)],
  );
}

async function remove(
  sql: Sql,
  tenant: string,
  rows: readonly Place[],
  touches: readonly Touch[],
): Promise<void> {
  if (rows.length + touches.length === 0) return;
  await sql.query(
    `WITH emptied AS (
       DELETE FROM rows USING json_to_recordset($2::json) AS p(scope text, key text)
       WHERE rows.tenant = $1 AND rows.scope = p.scope AND rows.key = p.key
     )
     DELETE FROM event_entities t USING json_to_recordset($3::json) AS g(scope text, key text, hlc text, id text)
     WHERE t.tenant = $1 AND t.key = g.key AND t.scope = g.scope AND t.hlc = g.hlc AND t.id = g.id`,
    [tenant, JSON.stringify(rows), JSON.stringify(touches)],
  );
}
