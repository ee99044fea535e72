import type { DomainEvent } from '../../events/envelope.ts';
import { readEvent } from '../registry.ts';
import type { Condition, Identity, Location } from './events.ts';

/** A contradiction that reality brought in: kept, shown, reconciled by a person (P5). */
export interface StockException {
  readonly code: 'wrongLocation' | 'unknownUnit' | 'notAvailable';
  readonly eventId: string;
  readonly at: string;
  readonly expected?: Location;
  readonly found?: Location;
}

/** A serialised unit: where it is, and in what condition. */
export interface UnitState {
  readonly id: string;
  readonly scope: string;
  readonly identity?: Identity;
  readonly location?: Location;
  readonly condition: Condition;
  /** The ticket that claims it. */
  readonly takenFor?: string;
  readonly exceptions: readonly StockException[];
  readonly moves: number;
}

export function unknownUnit(id: string): UnitState {
  return { id, scope: '', condition: 'good', exceptions: [], moves: 0 };
}

/** Only good and repaired units may be put into service (P2). */
export function isAvailable(unit: UnitState): boolean {
  const inStock = unit.location?.kind === 'depot' || unit.location?.kind === 'van';
  return inStock && (unit.condition === 'good' || unit.condition === 'repaired');
}

export function sameLocation(a: Location | undefined, b: Location | undefined): boolean {
  return a !== undefined && b !== undefined && a.kind === b.kind && a.id === b.id;
}

/** The slot of an asset as a location. */
export function slotLocation(assetId: string, slotId: string): Location {
  return { kind: 'slot', id: `${assetId}#${slotId}` };
}

/** The unit after one more move. An impossible move happened all the same; it leaves an exception (P5). */
export function evolveUnit(state: UnitState, event: DomainEvent): UnitState {
  const reading = readEvent(event);
  if (reading.kind !== 'known') return state;
  const known = reading.event;
  switch (known.type) {
    case 'part.received': {
      const { partNumber, serial, name, condition, from, to } = known.data;
      const arrived = move(state, known, state.location === undefined ? undefined : from, to, condition);
      return { ...arrived, identity: { partNumber, serial, name } };
    }
    case 'part.moved': {
      const moved = move(state, known, known.data.from, known.data.to, known.data.condition);
      return { ...moved, takenFor: undefined };
    }
    case 'part.taken':
      return { ...state, takenFor: known.data.ticketId };
    case 'part.returned':
      return { ...move(state, known, state.location, known.data.to, state.condition), takenFor: undefined };
    case 'part.swapped': {
      const { good, faulty, kit, assetId, slotId } = known.data;
      const slot = slotLocation(assetId, slotId);
      const isGood = good.unitId === state.id;
      const { partNumber, serial, name } = isGood ? good : faulty;
      const identity = state.identity ?? { partNumber, serial, name };
      if (isGood) {
        const wasUsable = state.condition === 'good' || state.condition === 'repaired';
        const moved = move(state, known, kit, slot, 'good');
        const exceptions = wasUsable
          ? moved.exceptions
          : [...moved.exceptions, { code: 'notAvailable' as const, eventId: known.id, at: known.at }];
        return { ...moved, identity, takenFor: undefined, exceptions };
      }
      // A faulty unit that nobody had registered was there all the same: that is no contradiction.
      return {
        ...move(state, known, state.location === undefined ? undefined : slot, kit, 'faulty'),
        identity,
      };
    }
    default:
      return state;
  }
}

function move(
  state: UnitState,
  event: DomainEvent,
  from: Location | undefined,
  to: Location,
  condition: Condition,
): UnitState {
  const exceptions = [...state.exceptions];
  if (from !== undefined && state.location === undefined) {
    exceptions.push({ code: 'unknownUnit', eventId: event.id, at: event.at, expected: from });
  } else if (from !== undefined && !sameLocation(from, state.location)) {
    exceptions.push({
      code: 'wrongLocation',
      eventId: event.id,
      at: event.at,
      expected: from,
      found: state.location,
    });
  }
  return {
    ...state,
    scope: state.scope === '' ? event.scope : state.scope,
    location: to,
    condition,
    exceptions,
    moves: state.moves + 1,
  };
}
