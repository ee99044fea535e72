import { compareEvents, type DomainEvent } from '../events/envelope.ts';
import { evolveContract, unknownContract, type ContractState } from './contract/contract.ts';
import {
  evolveAsset,
  evolveCustomer,
  evolveSite,
  evolveUser,
  unknownAsset,
  unknownCustomer,
  unknownSite,
  unknownUser,
  type AssetState,
  type CustomerState,
  type SiteState,
  type UserState,
} from './directory/state.ts';
import { evolveArticle, unknownArticle, type ArticleState } from './knowledge/article.ts';
import { evolveRma, unknownRma, type RmaState } from './part/rma.ts';
import { evolveUnit, unknownUnit, type UnitState } from './part/unit.ts';
import { evolveTicket } from './ticket/evolve.ts';
import { unknownTicket, type TicketState } from './ticket/state.ts';

/** The state of an entity by its noun. */
export interface EntityStates {
  ticket: TicketState;
  unit: UnitState;
  asset: AssetState;
  rma: RmaState;
  customer: CustomerState;
  site: SiteState;
  user: UserState;
  contract: ContractState;
  article: ArticleState;
}
export type Noun = keyof EntityStates;

interface Projection<S> {
  readonly unknown: (id: string) => S;
  readonly evolve: (state: S, event: DomainEvent) => S;
}

const projections: { readonly [N in Noun]: Projection<EntityStates[N]> } = {
  ticket: { unknown: unknownTicket, evolve: evolveTicket },
  unit: { unknown: unknownUnit, evolve: evolveUnit },
  asset: { unknown: unknownAsset, evolve: evolveAsset },
  rma: { unknown: unknownRma, evolve: evolveRma },
  customer: { unknown: unknownCustomer, evolve: evolveCustomer },
  site: { unknown: unknownSite, evolve: evolveSite },
  user: { unknown: unknownUser, evolve: evolveUser },
  contract: { unknown: unknownContract, evolve: evolveContract },
  article: { unknown: unknownArticle, evolve: evolveArticle },
};

/** `<noun>/<id>` taken apart; `undefined` for a noun this version does not fold. */
export function parseKey(key: string): { noun: Noun; id: string } | undefined {
  const slash = key.indexOf('/');
  const noun = key.slice(0, slash);
  return slash > 0 && Object.hasOwn(projections, noun)
    ? { noun: noun as Noun, id: key.slice(slash + 1) }
    : undefined;
}

/** An entity's whole state and the last fact in it: what stands in a packed page and on the wire. */
export interface FoldedRow<S = EntityStates[Noun]> {
  readonly key: string;
  readonly scope: string;
  readonly state: S;
  /** (hlc, id) of the last fact folded in; `''` for none. */
  readonly hlc: string;
  readonly id: string;
}

/** The row of an entity of which nothing is known yet. */
export function unknownRow(key: string): FoldedRow | undefined {
  const parsed = parseKey(key);
  if (parsed === undefined) return undefined;
  return { key, scope: '', state: projections[parsed.noun].unknown(parsed.id), hlc: '', id: '' };
}

/**
 * Folds later facts onto a row. `late` is set when a fact sorts before the
 * last one in the row: then the row stays, and has to be folded anew from all its facts.
 */
export function foldOnto(row: FoldedRow, events: Iterable<DomainEvent>): { row: FoldedRow; late: boolean } {
  const parsed = parseKey(row.key);
  if (parsed === undefined) return { row, late: false };
  const evolve = projections[parsed.noun].evolve as (
    state: unknown,
    event: DomainEvent,
  ) => EntityStates[Noun];
  let { state, hlc, id, scope } = row;
  let late = false;
  for (const event of [...events].sort(compareEvents)) {
    if (event.id === id) continue;
    if (compareEvents(event, { hlc, id }) < 0) {
      late = true;
      continue;
    }
    state = evolve(state, event);
    ({ hlc, id } = event);
    // Home scope: that of the facts in the entity's own stream.
    if (event.stream === row.key || scope === '') scope = event.scope;
  }
  return { row: { key: row.key, scope, state, hlc, id }, late };
}

/** Folds an entity from all its facts, in whatever order they come. */
export function foldEntity(key: string, events: Iterable<DomainEvent>): FoldedRow | undefined {
  const row = unknownRow(key);
  if (row === undefined) return undefined;
  const unique = new Map<string, DomainEvent>();
  for (const event of events) unique.set(event.id, event);
  return foldOnto(row, unique.values()).row;
}
