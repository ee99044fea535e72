import type { Sql } from '#server/db/database.ts';
import type { EventStanding } from '#renderer/db/database.ts';
import { openDatabase } from '#renderer/db/database.ts';
import { foldEntity, parseKey, type FoldedRow } from '#shared/domain/projection.ts';
import type { UnitState } from '#shared/domain/part/unit.ts';
import type { AssetState } from '#shared/domain/directory/state.ts';
import { touches } from '#shared/domain/registry.ts';
import type { DomainEvent, EventDraft } from '#shared/events/envelope.ts';
import { canonicalJson } from '#shared/events/hash-chain.ts';
import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import type { Laptop } from './laptop.ts';

/** What the database says, read past all code of server and laptops. */
export interface Truth {
  readonly events: readonly { scope: string; n: number; exception: string | null; event: DomainEvent }[];
  readonly refusals: readonly { id: string; code: string; detail: string | null }[];
  readonly rows: readonly { scope: string; key: string; state: string }[];
  readonly scopes: readonly { scope: string; head: number; hash: string }[];
}

export async function readTruth(sql: Sql, tenant: string): Promise<Truth> {
  const events = await sql.query<{ scope: string; n: number; exception: string | null; body: string }>(
    `SELECT scope, n, exception_code AS exception, body FROM events WHERE tenant = $1 ORDER BY scope, n`,
    [tenant],
  );
  return {
    events: events.map(({ body, ...rest }) => ({ ...rest, event: JSON.parse(body) as DomainEvent })),
    refusals: await sql.query('SELECT id, code, detail FROM refusals WHERE tenant = $1', [tenant]),
    rows: await sql.query('SELECT scope, key, state FROM rows WHERE tenant = $1', [tenant]),
    scopes: await sql.query('SELECT scope, head, hash::text AS hash FROM scopes WHERE tenant = $1', [tenant]),
  };
}

/** The scopes that a person sees, by the rule of SY13 and not by the server's code. */
export function scopesOf({ person }: Laptop, truth: Truth): Set<string> {
  const isAdmin = person.roles.includes('admin');
  return new Set(
    truth.scopes
      .map(({ scope }) => scope)
      .filter(
        (scope) =>
          scope === 'org' ||
          scope === `user/${person.id}` ||
          scope === `region/${person.region}` ||
          (isAdmin && scope.startsWith('region/')),
      ),
  );
}

/**
 * SIM1, SIM2, SIM8: what the server holds, against what the laptops had been told is saved.
 * @param wasRestored then a push that was on its way may arrive before the facts that the backup lacks.
 */
export function checkServer(
  truth: Truth,
  laptops: readonly Laptop[],
  attempted: ReadonlyMap<string, EventDraft>,
  wasRestored: boolean,
): string[] {
  const faults: string[] = [];
  const held = new Map<string, DomainEvent>();
  for (const { event, exception } of truth.events) {
    if (held.has(event.id)) faults.push(`SIM2 ${event.id} is on the server twice`);
    held.set(event.id, event);
    if (!attempted.has(event.id)) faults.push(`SIM2 ${event.id} is on the server and nobody made it`);
    const isExplained = wasRestored && exception === 'sync.chainBroken';
    if (exception !== null && !isExplained)
      faults.push(`SIM8 ${event.type} ${event.id} got the exception ${exception}`);
  }
  for (const { id, code, detail } of truth.refusals)
    faults.push(`SIM8 ${attempted.get(id)?.type} ${id} was refused: ${code} ${detail}`);
  for (const { name, saved } of laptops) {
    for (const event of saved) {
      const there = held.get(event.id);
      if (there === undefined) faults.push(`SIM1 ${event.type} ${event.id} saved on ${name} is missing`);
      else if (canonicalJson(there) !== canonicalJson(event))
        faults.push(`SIM1 ${event.type} ${event.id} saved on ${name} has changed`);
    }
  }
  return [...faults, ...checkNumbers(truth), ...checkServerRows(truth)];
}

function checkNumbers({ events, scopes }: Truth): string[] {
  return scopes.flatMap(({ scope, head, hash }) => {
    const own = events.filter((event) => event.scope === scope);
    const sum = own.reduce((so, { event }) => addToChecksum(so, event.id), EMPTY_CHECKSUM);
    const isGapFree = own.length === head && own.every(({ n }, place) => n === place + 1);
    return [
      ...(isGapFree ? [] : [`SIM2 the numbers of ${scope} have gaps`]),
      ...(BigInt(hash) === BigInt(`0x${sum}`) ? [] : [`SIM2 the checksum of ${scope} is wrong`]),
    ];
  });
}

function checkServerRows({ events, rows }: Truth): string[] {
  const faults: string[] = [];
  for (const { scope, key, state } of rows) {
    const own = events.filter((event) => event.scope === scope).map(({ event }) => event);
    const expected = foldEntity(
      key,
      own.filter((event) => touches(event).includes(key)),
    );
    if (expected !== undefined && canonicalJson(expected.state) !== canonicalJson(JSON.parse(state)))
      faults.push(`SIM3 the server's row ${key} in ${scope} is not the fold of its facts`);
  }
  return faults;
}

/** SIM3, SIM4, SIM5: one laptop's store against the fold of the facts its person may see. */
export async function checkLaptop(laptop: Laptop, truth: Truth): Promise<string[]> {
  const { name } = laptop;
  const visible = scopesOf(laptop, truth);
  const facts = truth.events.filter(({ scope }) => visible.has(scope)).map(({ event }) => event);
  const expected = foldAll(facts);
  const faults: string[] = [];
  for (const [key, row] of expected) {
    const there = await laptop.store.row({ key });
    if (there === undefined) faults.push(`SIM3 ${name} does not have ${key}`);
    else if (canonicalJson(there) !== canonicalJson(row))
      faults.push(`SIM3 ${name} shows ${key} otherwise than its facts: ${difference(there, row)}`);
  }
  const opened = [...expected.values()].filter(
    ({ key, state }) => key.startsWith('ticket/') && 'isOpened' in state && state.isOpened,
  );
  const query = { view: 'all', userId: '', search: '', sort: 'urgency', offset: 0, limit: 1 } as const;
  const { total } = await laptop.store.list(query);
  if (total !== opened.length) faults.push(`SIM3 ${name} lists ${total} tickets of ${opened.length}`);
  return [...faults, ...(await checkSecrets(laptop, truth, visible)), ...checkStock(name, expected)];
}

export function foldAll(facts: readonly DomainEvent[]): Map<string, FoldedRow> {
  const byKey = new Map<string, DomainEvent[]>();
  for (const event of facts)
    for (const key of touches(event)) byKey.set(key, [...(byKey.get(key) ?? []), event]);
  const rows = new Map<string, FoldedRow>();
  for (const [key, events] of byKey) {
    const row = foldEntity(key, events);
    if (row !== undefined) rows.set(key, row);
  }
  return rows;
}

/** SIM4: nothing of a scope that the person may not see is anywhere in the laptop's database. */
async function checkSecrets(laptop: Laptop, truth: Truth, visible: ReadonlySet<string>): Promise<string[]> {
  const database = openDatabase(laptop.databaseName);
  try {
    const events = await database.events.toArray();
    const pages = await database.pages.toArray();
    const keys = await database.overlay.toCollection().primaryKeys();
    const known = new Set(
      truth.events.filter(({ scope }) => visible.has(scope)).flatMap(({ event }) => touches(event)),
    );
    const standing = events.filter(({ standing }) => standing === ('refused' satisfies EventStanding));
    return [
      ...events
        .filter(({ event }) => !visible.has(event.scope))
        .map(({ event }) => `SIM4 ${laptop.name} holds ${event.id} of ${event.scope}`),
      ...pages
        .filter(({ scope }) => !visible.has(scope))
        .map(({ id }) => `SIM4 ${laptop.name} holds the page ${id}`),
      ...keys
        .filter((key) => !known.has(key) && parseKey(key) !== undefined)
        .map((key) => `SIM4 ${laptop.name} has a row ${key} without a fact it may see`),
      ...standing.map(({ id }) => `SIM8 ${laptop.name} holds ${id} as refused`),
    ];
  } finally {
    database.close();
  }
}

/** SIM5 (P11): every unit that any fact names is somewhere, and an installed base names only units there are. */
function checkStock(name: string, rows: ReadonlyMap<string, FoldedRow>): string[] {
  const faults: string[] = [];
  for (const [key, { state }] of rows) {
    if (key.startsWith('unit/') && (state as UnitState).location === undefined)
      faults.push(`SIM5 ${name}: ${key} is nowhere`);
    if (!key.startsWith('asset/')) continue;
    for (const { slotId, unitId } of (state as AssetState).slots)
      if (unitId !== undefined && !rows.has(`unit/${unitId}`))
        faults.push(`SIM5 ${name}: ${unitId} in ${key}#${slotId} is no unit`);
  }
  return faults;
}

function difference(there: FoldedRow, expected: FoldedRow): string {
  const parts = Object.keys({ ...expected, ...expected.state }).filter((name) => {
    const of = (row: FoldedRow): unknown =>
      name in row ? row[name as keyof FoldedRow] : row.state[name as keyof FoldedRow['state']];
    return name !== 'state' && canonicalJson(of(there) ?? null) !== canonicalJson(of(expected) ?? null);
  });
  return parts.join(', ');
}
