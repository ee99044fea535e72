import type { Sql } from '#server/db/database.ts';
import { foldEntity, type FoldedRow } from '#shared/domain/projection.ts';
import { touches } from '#shared/domain/registry.ts';
import { namedBy } from '#shared/domain/sharing.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import type { Office } from './office.ts';
import type { Person } from './laptop.ts';

/** A fact as the server holds it. */
export interface HeldFact {
  /** Its home scope. */
  readonly scope: string;
  readonly exception: string | null;
  readonly event: DomainEvent;
  /** The scopes that give it: the home scope, and those that its stream is shared into. */
  readonly givenBy: ReadonlySet<string>;
}

/** What the database says, read past all code of server and laptops. */
export interface Truth {
  readonly events: readonly HeldFact[];
  /** Id of each fact of a stream that the office has deleted, and what is left of the fact. */
  readonly purged: ReadonlyMap<string, string>;
  readonly refusals: readonly {
    readonly device: string;
    readonly id: string;
    readonly code: string;
    readonly detail: string | null;
    readonly body: string;
  }[];
  readonly rows: readonly { readonly scope: string; readonly key: string; readonly state: string }[];
  readonly scopes: readonly { readonly scope: string; readonly head: number; readonly hash: string }[];
  /** All that a scope sends, under its numbers. */
  readonly entries: readonly { readonly scope: string; readonly n: number; readonly id: string }[];
}

export async function readTruth(sql: Sql, tenant: string): Promise<Truth> {
  interface Row {
    scope: string;
    exception: string | null;
    guest: boolean;
    body: string;
  }
  const rows = await sql.query<Row>(
    `SELECT scope, exception_code AS exception, by_guest AS guest, body FROM events
     WHERE tenant = $1 AND NOT purged ORDER BY scope, n`,
    [tenant],
  );
  const purged = await sql.query<{ id: string; body: string }>(
    'SELECT id, body FROM events WHERE tenant = $1 AND purged',
    [tenant],
  );
  const events = rows.map(({ body, ...rest }) => ({ ...rest, event: JSON.parse(body) as DomainEvent }));
  const shares = sharesIn(events.map(({ event }) => event));
  addRecords(
    shares,
    events.filter(({ guest }) => !guest).map(({ event }) => event),
  );
  return {
    events: events.map((held) => ({
      ...held,
      givenBy: new Set([held.scope, ...(shares.get(placeOf(held.event)) ?? [])]),
    })),
    purged: new Map(purged.map(({ id, body }) => [id, body])),
    refusals: await sql.query('SELECT device, id, code, detail, body FROM refusals WHERE tenant = $1', [
      tenant,
    ]),
    rows: await sql.query('SELECT scope, key, state FROM rows WHERE tenant = $1', [tenant]),
    scopes: await sql.query('SELECT scope, head, hash::text AS hash FROM scopes WHERE tenant = $1', [tenant]),
    entries: await sql.query(
      `SELECT scope, n, id FROM events WHERE tenant = $1
       UNION ALL SELECT scope, n, id FROM deliveries WHERE tenant = $1 ORDER BY scope, n`,
      [tenant],
    ),
  };
}

/** A stream at its home. */
const placeOf = ({ scope, stream }: DomainEvent): string => `${scope} ${stream}`;

/** Where streams go besides their home scope: for each target the last word counts, by its stamp. */
function sharesIn(events: readonly DomainEvent[]): Map<string, Set<string>> {
  const shares = new Map<string, Set<string>>();
  for (const event of events.toSorted(compareEvents)) {
    if (event.type !== 'ticket.shared' && event.type !== 'ticket.unshared') continue;
    const place = placeOf(event);
    const targets = shares.get(place) ?? new Set<string>();
    const target = String(event.data['with']);
    if (event.type === 'ticket.shared') targets.add(target);
    else targets.delete(target);
    shares.set(place, targets);
  }
  return shares;
}

/** A record goes where a ticket goes in which anybody of its home scope has ever named it. */
function addRecords(shares: Map<string, Set<string>>, events: readonly DomainEvent[]): void {
  for (const event of events) {
    const { tickets, records } = namedBy(event);
    const targets = tickets.flatMap((stream) => [...(shares.get(placeOf({ ...event, stream })) ?? [])]);
    for (const stream of records) {
      const place = placeOf({ ...event, stream });
      shares.set(place, new Set([...(shares.get(place) ?? []), ...targets]));
    }
  }
}

/** The scopes that a person sees, by the rules and not by the server's code. */
export function scopesOf(person: Person, truth: Pick<Truth, 'scopes'>, office: Office): Set<string> {
  const isAdmin = person.roles.includes('admin');
  const own = new Set([
    'org',
    `user/${person.id}`,
    ...office.regionsOf(person.id).map((region) => `region/${region}`),
  ]);
  const names = truth.scopes.map(({ scope }) => scope);
  return new Set(names.filter((scope) => own.has(scope) || (isAdmin && scope.startsWith('region/'))));
}

/** The facts that one of these scopes gives. */
export function factsIn(truth: Truth, scopes: ReadonlySet<string>): DomainEvent[] {
  return truth.events
    .filter(({ givenBy }) => [...givenBy].some((scope) => scopes.has(scope)))
    .map(({ event }) => event);
}

export function foldAll(facts: readonly DomainEvent[]): Map<string, FoldedRow> {
  const byKey = new Map<string, DomainEvent[]>();
  for (const event of facts)
    for (const key of touches(event)) {
      const group = byKey.get(key);
      if (group === undefined) byKey.set(key, [event]);
      else group.push(event);
    }
  const rows = new Map<string, FoldedRow>();
  for (const [key, events] of byKey) {
    const row = foldEntity(key, events);
    if (row !== undefined) rows.set(key, row);
  }
  return rows;
}
