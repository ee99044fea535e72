import type { DomainEvent, EventDraft } from '#shared/events/envelope.ts';
import { canonicalJson, hashEvent } from '#shared/events/hash-chain.ts';
import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import type { Laptop } from './laptop.ts';
import type { Office } from './office.ts';
import { foldAll, type Truth } from './truth.ts';

/** What is apart from the ordinary course of things. */
export interface Apart {
  /** Facts in the encrypted files that wiped laptops have left, by id. */
  readonly quarantined: ReadonlyMap<string, DomainEvent>;
  /** Devices whose data folder was copied. */
  readonly clonedDevices: ReadonlySet<string>;
  /** Devices of whose facts somebody else has brought some, where the server was restored. */
  readonly overtakenDevices: ReadonlySet<string>;
}

/** SIM1, SIM2, SIM3, SIM8: what the server holds, against what the laptops had been told is saved. */
export function checkServer(
  truth: Truth,
  laptops: readonly Laptop[],
  attempted: ReadonlyMap<string, EventDraft>,
  office: Office,
  { quarantined, clonedDevices, overtakenDevices }: Apart,
): string[] {
  const faults: string[] = [];
  const held = new Map<string, DomainEvent>();
  const forgotten = givenUpUnknown(truth, laptops);
  for (const { event, exception } of truth.events) {
    if (held.has(event.id)) faults.push(`SIM2 ${event.id} is on the server twice`);
    held.set(event.id, event);
    if (!attempted.has(event.id)) faults.push(`SIM2 ${event.id} is on the server and nobody made it`);
    // Two copies went on from the same fact.
    const isOfCopies = exception === 'sync.chainBroken' && clonedDevices.has(event.device);
    // Somebody else brought facts before their own laptop had offered the older ones to the restored server again.
    const isOvertaken = exception === 'sync.chainBroken' && overtakenDevices.has(event.device);
    // A restored server does not know the refusal of the fact before, which the person has given up.
    const isBehindGivenUp = exception === 'sync.chainBroken' && forgotten.has(event.prev);
    const isByOffice = exception === 'sync.acceptedByOffice' && office.accepted.has(event.id);
    if (exception !== null && !isOfCopies && !isOvertaken && !isBehindGivenUp && !isByOffice)
      faults.push(`SIM8 ${event.type} ${event.id} got the exception ${exception}`);
  }
  const refused = new Map<string, DomainEvent>();
  for (const [id, body] of truth.purged)
    if (body !== '') faults.push(`SIM4 ${id} was deleted and is still there`);
  const purged = new Set(truth.purged.keys());
  for (const { id, device, code, detail, body } of truth.refusals) {
    if (body === '') {
      purged.add(id);
      continue;
    }
    const event = JSON.parse(body) as DomainEvent;
    refused.set(id, event);
    if (!attempted.has(id)) faults.push(`SIM2 ${id} was refused by the server and nobody made it`);
    if (!isExplained(code, device, event, office))
      faults.push(`SIM8 ${attempted.get(id)?.type} ${id} was refused: ${code} ${detail}`);
  }
  for (const { name, saved, givenUp, isForgotten } of laptops) {
    if (isForgotten) continue;
    for (const event of saved) {
      if (purged.has(event.id)) continue;
      const there = held.get(event.id) ?? refused.get(event.id) ?? quarantined.get(event.id);
      // A restored server may have lost a refusal: what the laptop's person has looked at is in the journal.
      if (there === undefined && !givenUp.has(event.id))
        faults.push(`SIM1 ${event.type} ${event.id} saved on ${name} is missing`);
      else if (there !== undefined && canonicalJson(there) !== canonicalJson(event))
        faults.push(`SIM1 ${event.type} ${event.id} saved on ${name} has changed`);
    }
  }
  return [...faults, ...checkNumbers(truth), ...checkRows(truth)];
}

/** Hashes of facts that were refused and given up, and that this server has never heard of: it was restored since. */
function givenUpUnknown({ refusals }: Truth, laptops: readonly Laptop[]): ReadonlySet<string> {
  const known = new Set(refusals.map(({ id }) => id));
  const unknown = laptops.flatMap(({ saved, givenUp }) =>
    saved.filter(({ id }) => givenUp.has(id) && !known.has(id)),
  );
  return new Set(unknown.map(hashEvent));
}

/** A refusal that somebody in the office has brought about. */
function isExplained(code: string, device: string, event: DomainEvent, office: Office): boolean {
  if (code === 'sync.deviceRevoked') return office.revokedDevices.has(device);
  if (code !== 'sync.noRight') return false;
  if (office.losses.has(`${event.actor} ${event.scope}`)) return true;
  // On a ticket of another region that was shared with the person, and is no longer.
  return !office.regionsOf(event.actor).some((region) => event.scope === `region/${region}`);
}

function checkNumbers({ entries, scopes }: Truth): string[] {
  return scopes.flatMap(({ scope, head, hash }) => {
    const own = entries.filter((entry) => entry.scope === scope);
    const sum = own.reduce((so, { id }) => addToChecksum(so, id), EMPTY_CHECKSUM);
    const isGapFree = own.length === head && own.every(({ n }, place) => n === place + 1);
    return [
      ...(isGapFree ? [] : [`SIM2 the numbers of ${scope} have gaps`]),
      ...(BigInt(hash) === BigInt(`0x${sum}`) ? [] : [`SIM2 the checksum of ${scope} is wrong`]),
    ];
  });
}

function checkRows(truth: Truth): string[] {
  return truth.scopes.flatMap(({ scope }) => {
    const given = truth.events.filter(({ givenBy }) => givenBy.has(scope)).map(({ event }) => event);
    const expected = foldAll(given);
    const there = new Map(
      truth.rows.filter((row) => row.scope === scope).map(({ key, state }) => [key, state]),
    );
    return [
      ...[...expected].flatMap(([key, { state }]) => {
        const row = there.get(key);
        if (row === undefined) return [`SIM3 the server has no row ${key} in ${scope}`];
        return canonicalJson(JSON.parse(row)) === canonicalJson(state)
          ? []
          : [`SIM3 the server's row ${key} in ${scope} is not the fold of its facts`];
      }),
      ...[...there.keys()]
        .filter((key) => !expected.has(key))
        .map((key) => `SIM4 the server has a row ${key} in ${scope} without a fact`),
    ];
  });
}
