import type { AssetState } from '#shared/domain/directory/state.ts';
import type { UnitState } from '#shared/domain/part/unit.ts';
import { parseKey, type FoldedRow } from '#shared/domain/projection.ts';
import { touches } from '#shared/domain/registry.ts';
import { canonicalJson } from '#shared/events/hash-chain.ts';
import { Cipher } from '#renderer/db/cipher.ts';
import { openDatabase } from '#renderer/db/database.ts';
import type { Laptop } from './laptop.ts';
import type { Office } from './office.ts';
import { factsIn, foldAll, scopesOf, type Truth } from './truth.ts';

/** SIM3, SIM4, SIM5: one laptop's store against the fold of the facts its person may see. */
export async function checkLaptop(laptop: Laptop, truth: Truth, office: Office): Promise<string[]> {
  const { name, person } = laptop;
  const visible = scopesOf(person, truth, office);
  const expected = foldAll(factsIn(truth, visible));
  const faults: string[] = [];
  for (const [key, row] of expected) {
    const there = await laptop.store.row({ key });
    if (there === undefined) faults.push(`SIM3 ${name} does not have ${key}`);
    // The scope beside the state is that of whoever gave the row, and nobody reads it.
    else if (canonicalJson({ ...there, scope: row.scope }) !== canonicalJson(row))
      faults.push(`SIM3 ${name} shows ${key} otherwise than its facts: ${difference(there, row)}`);
  }
  const opened = [...expected.values()].filter(
    ({ key, state }) => key.startsWith('ticket/') && 'isOpened' in state && state.isOpened,
  );
  const query = { view: 'all', userId: '', search: '', sort: 'urgency', offset: 0, limit: 1 } as const;
  const { total } = await laptop.store.list(query);
  if (total !== opened.length) faults.push(`SIM3 ${name} lists ${total} tickets of ${opened.length}`);
  return [
    ...faults,
    ...(await checkSecrets(laptop, truth, visible)),
    ...checkStock(
      name,
      foldAll(truth.events.flatMap(({ scope, event }) => (visible.has(scope) ? [event] : []))),
    ),
  ];
}

/** SIM4: nothing that no scope of the person gives is anywhere in the laptop's database, but what is his own. */
async function checkSecrets(laptop: Laptop, truth: Truth, visible: ReadonlySet<string>): Promise<string[]> {
  const { name, person } = laptop;
  const facts = factsIn(truth, visible);
  const ids = new Set(facts.map(({ id }) => id));
  const known = new Set(facts.flatMap((event) => touches(event)));
  const database = openDatabase(laptop.databaseName);
  const cipher = Cipher.plain();
  try {
    const faults: string[] = [];
    for (const { id, event: body } of await database.events.toArray()) {
      const event = await cipher.openValue(`event/${id}`, body);
      if (truth.purged.has(id)) faults.push(`SIM4 ${name} holds ${event.type} ${id} of a deleted stream`);
      if (ids.has(id)) continue;
      // What the person wrote and the server has not taken stays with him.
      if (event.actor !== person.id) faults.push(`SIM4 ${name} holds ${event.type} ${id} of ${event.scope}`);
      else if (visible.has(event.scope) && truth.events.some((held) => held.event.id === id))
        faults.push(`SIM3 ${name} holds ${id} and its scope does not give it`);
    }
    for (const { id, scope } of await database.pages.toArray())
      if (!visible.has(scope)) faults.push(`SIM4 ${name} holds the page ${id} of ${scope}`);
    for (const key of await database.overlay.toCollection().primaryKeys())
      if (!known.has(key) && parseKey(key) !== undefined)
        faults.push(`SIM4 ${name} has a row ${key} without a fact it may see`);
    return faults;
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
