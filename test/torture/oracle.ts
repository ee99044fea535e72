import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Database } from '#server/db/database.ts';
import type { FoldedRow } from '#shared/domain/projection.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { canonicalJson } from '#shared/events/hash-chain.ts';
import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import { foldAll, readTruth, type Truth } from '#test/simulation/truth.ts';
import type { Central } from './central.ts';
import type { Laptop } from './laptop.ts';
import type { Ledger } from './ledger.ts';

export type FaultKind = 'lost' | 'duplicated' | 'diverged' | 'stuck' | 'other';
export interface Fault {
  readonly kind: FaultKind;
  readonly text: string;
}

export const TENANT = 'main';

export const truthOf = (database: Database): Promise<Truth> => readTruth(database, TENANT);

/** What the server's database says, against what the laptops were told. */
export function checkServer(truth: Truth, ledger: Ledger): Fault[] {
  const faults: Fault[] = [];
  const held = new Map<string, DomainEvent>();
  for (const { event, exception } of truth.events) {
    if (held.has(event.id)) faults.push({ kind: 'duplicated', text: `${event.id} stands there twice` });
    held.set(event.id, event);
    if (!ledger.attempted.has(event.id))
      faults.push({ kind: 'duplicated', text: `${event.type} ${event.id} was written by nobody` });
    if (exception !== null)
      faults.push({ kind: 'other', text: `${event.type} ${event.id} got the exception ${exception}` });
  }
  for (const { id, code, detail } of truth.refusals)
    faults.push({ kind: 'lost', text: `${id} was refused: ${code} ${detail}` });
  for (const [id, event] of ledger.saved) {
    const there = held.get(id);
    if (there === undefined)
      faults.push({ kind: 'lost', text: `${event.type} ${id} of ${event.device} is missing` });
    else if (canonicalJson(there) !== canonicalJson(event))
      faults.push({ kind: 'lost', text: `${event.type} ${id} has changed` });
  }
  const numbers = truth.events.flatMap(({ event }) =>
    event.type === 'ticket.opened' ? [String(event.data['number'])] : [],
  );
  for (const [index, number] of numbers.entries())
    if (numbers.indexOf(number) !== index)
      faults.push({ kind: 'duplicated', text: `the number ${number} was given twice` });
  return [...faults, ...checkNumbers(truth), ...checkRows(truth)];
}

function checkNumbers({ entries, scopes }: Truth): Fault[] {
  return scopes.flatMap(({ scope, head, hash }) => {
    const own = entries.filter((entry) => entry.scope === scope);
    const sum = own.reduce((so, { id }) => addToChecksum(so, id), EMPTY_CHECKSUM);
    const isGapFree = own.length === Number(head) && own.every(({ n }, place) => Number(n) === place + 1);
    const faults: Fault[] = [];
    if (!isGapFree)
      faults.push({ kind: 'diverged', text: `the numbers of ${scope} have gaps: ${own.length} of ${head}` });
    if (BigInt(hash) !== BigInt(`0x${sum}`))
      faults.push({ kind: 'diverged', text: `the checksum of ${scope} is wrong` });
    return faults;
  });
}

const scopesOf = ({ user }: Laptop): string[] => ['org', 'region/sz', `user/${user}`];

/** How far the laptop is behind what the server has; `undefined` when it is not. */
export function isBehind(
  cursors: Readonly<Record<string, number>>,
  laptop: Laptop,
  truth: Truth,
): string | undefined {
  for (const { scope, head } of truth.scopes) {
    if (!scopesOf(laptop).includes(scope) || (cursors[scope] ?? 0) === Number(head)) continue;
    return `${laptop.name} stands at ${cursors[scope]} of ${head} in ${scope}`;
  }
  return undefined;
}

/** How many entries of the server the laptop has not yet. */
export function entriesBehind(
  cursors: Readonly<Record<string, number>>,
  laptop: Laptop,
  truth: Truth,
): number {
  const own = truth.scopes.filter(({ scope }) => scopesOf(laptop).includes(scope));
  return own.reduce((so, { scope, head }) => so + Math.max(0, Number(head) - (cursors[scope] ?? 0)), 0);
}

/** Every row that the laptop shows, against the fold of the facts that it may see. */
export async function checkLaptop(laptop: Laptop, truth: Truth): Promise<Fault[]> {
  const visible = scopesOf(laptop);
  const facts = truth.events.filter(({ givenBy }) => visible.some((scope) => givenBy.has(scope)));
  const expected = foldAll(facts.map(({ event }) => event));
  const keys = [...expected.keys()];
  const there = await laptop.call('rows', keys);
  const faults: Fault[] = [];
  for (const [index, key] of keys.entries()) {
    const shown = there[index];
    if (shown === undefined || shown === null)
      faults.push({ kind: 'diverged', text: `${laptop.name} does not have ${key}` });
    else if (canonicalJson(shown) !== canonicalJson(asSent(expected.get(key))))
      faults.push({
        kind: 'diverged',
        text: `${laptop.name} shows ${key} otherwise than its facts: ${difference(shown, expected.get(key))}`,
      });
  }
  const opened = keys.filter((key) => {
    const state = expected.get(key)?.state;
    return key.startsWith('ticket/') && state !== undefined && 'isOpened' in state && state.isOpened;
  });
  const listed = await laptop.call('tickets');
  if (listed.toSorted().join() !== opened.toSorted().join())
    faults.push({
      kind: 'diverged',
      text: `${laptop.name} lists ${listed.length} tickets of ${opened.length}`,
    });
  return faults;
}

/** Where two rows differ, and how each goes on from there. */
function difference(shown: FoldedRow, expected: FoldedRow | undefined): string {
  const [one, other] = [canonicalJson(shown), canonicalJson(asSent(expected))];
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const from = Math.max(0, at - 80);
  return `${one.slice(from, at + 120)} | ${other.slice(from, at + 120)}`;
}

/** The server's own rows, against the fold of the facts of each scope. */
function checkRows(truth: Truth): Fault[] {
  return truth.scopes.flatMap(({ scope }) => {
    const given = truth.events.filter(({ givenBy }) => givenBy.has(scope)).map(({ event }) => event);
    const there = new Map(
      truth.rows.filter((row) => row.scope === scope).map(({ key, state }) => [key, state]),
    );
    return [...foldAll(given)].flatMap(([key, { state }]): Fault[] => {
      const row = there.get(key);
      if (row !== undefined && canonicalJson(JSON.parse(row)) === canonicalJson(asJson(state))) return [];
      return [
        {
          kind: 'diverged',
          text: `the server ${row === undefined ? 'has no row' : 'has another row than its facts for'} ${key} in ${scope}`,
        },
      ];
    });
  });
}

/** What is left of a row on its way out of the page. */
function asSent(row: FoldedRow | undefined): unknown {
  return asJson(row ?? null);
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Every attachment that was kept and is named by a fact lies on the server, whole. */
export async function checkBlobs(truth: Truth, central: Central, ledger: Ledger): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { event } of truth.events) {
    if (event.type !== 'ticket.evidenceAttached') continue;
    const sha256 = String(event.data['sha256']);
    if (!ledger.kept.has(sha256))
      faults.push({ kind: 'other', text: `${event.id} names an attachment that nobody kept` });
    const file = path.join(central.data, 'blobs', TENANT, sha256.slice(0, 2), sha256);
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes === undefined) faults.push({ kind: 'lost', text: `the attachment ${sha256} is missing` });
    else if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      faults.push({ kind: 'lost', text: `the attachment ${sha256} is damaged` });
  }
  return faults;
}
