import type { AssetState } from '../directory/state.ts';
import { draft, refuse, type DecideContext, type Decision } from '../refusal.ts';
import type { TicketState } from '../ticket/state.ts';
import { unitIdOf, type Identity, type Location } from './events.ts';
import { isAvailable, sameLocation, slotLocation, type UnitState } from './unit.ts';

export interface SwapCommand {
  readonly slotId: string;
  readonly kit: Location;
  readonly good: Identity;
  readonly faulty: Identity;
  readonly fault: string;
  /** Given when the person has seen the warnings and goes on all the same. */
  readonly overruleReason?: string;
}

/** What is odd about a swap: shown before, may be overruled with a reason, never blocks for good (P4, P5). */
export type SwapWarning =
  | { readonly code: 'goodInstalledElsewhere'; readonly where: Location }
  | { readonly code: 'goodNotInKit'; readonly where: Location }
  | { readonly code: 'goodUnknown' }
  | { readonly code: 'goodNotUsable'; readonly condition: string }
  | { readonly code: 'faultyNotInSlot'; readonly where: Location }
  | { readonly code: 'otherUnitInSlot'; readonly unitId: string }
  | { readonly code: 'partNumberDiffers'; readonly expected: string; readonly given: string };

export interface SwapWorld {
  readonly ticket: TicketState;
  readonly asset: AssetState;
  /** What is known of a unit, `undefined` when it was never heard of. */
  readonly unit: (unitId: string) => UnitState | undefined;
}

/** Looks at a swap before it is made: every reason to doubt what was scanned or typed. */
export function swapWarnings(command: SwapCommand, world: SwapWorld): SwapWarning[] {
  const warnings: SwapWarning[] = [];
  const slot = world.asset.slots.find((candidate) => candidate.slotId === command.slotId);
  const here = slotLocation(world.asset.id, command.slotId);
  const good = world.unit(unitIdOf(command.good));
  const faulty = world.unit(unitIdOf(command.faulty));
  if (good === undefined) warnings.push({ code: 'goodUnknown' });
  else if (good.location?.kind === 'slot')
    warnings.push({ code: 'goodInstalledElsewhere', where: good.location });
  else {
    if (good.location !== undefined && !sameLocation(good.location, command.kit)) {
      warnings.push({ code: 'goodNotInKit', where: good.location });
    }
    if (!isAvailable(good)) warnings.push({ code: 'goodNotUsable', condition: good.condition });
  }
  if (faulty?.location !== undefined && !sameLocation(faulty.location, here)) {
    warnings.push({ code: 'faultyNotInSlot', where: faulty.location });
  }
  if (slot?.unitId !== undefined && slot.unitId !== unitIdOf(command.faulty)) {
    warnings.push({ code: 'otherUnitInSlot', unitId: slot.unitId });
  }
  if (slot !== undefined && slot.partNumber !== '' && slot.partNumber !== command.good.partNumber) {
    warnings.push({ code: 'partNumberDiffers', expected: slot.partNumber, given: command.good.partNumber });
  }
  return warnings;
}

/** The swap as one fact (P4). Warnings want a reason; after that nothing stands in the way. */
export function decideSwap(command: SwapCommand, world: SwapWorld, context: DecideContext): Decision {
  const { ticket, asset } = world;
  if (!ticket.isOpened) return refuse('ticket.unknown');
  if (ticket.ended !== undefined || ticket.work === 'closed' || ticket.work === 'reviewed')
    return refuse('ticket.closed');
  if (!asset.slots.some((slot) => slot.slotId === command.slotId)) return refuse('part.noSuchSlot');
  if (command.good.serial.trim() === '' || command.faulty.serial.trim() === '')
    return refuse('part.serialMissing');
  const good = { unitId: unitIdOf(command.good), ...command.good };
  const faulty = { unitId: unitIdOf(command.faulty), ...command.faulty };
  if (good.unitId === faulty.unitId) return refuse('part.sameUnit', [], { serial: command.good.serial });
  const warnings = swapWarnings(command, world).map((warning) => warning.code);
  if (warnings.length > 0 && (command.overruleReason ?? '').trim() === '') {
    return refuse('part.swapDoubtful', warnings);
  }
  const swapped = draft(context, { stream: `ticket/${ticket.id}`, scope: ticket.scope }, 'part.swapped', {
    ticketId: ticket.id,
    assetId: asset.id,
    slotId: command.slotId,
    kit: command.kit,
    good,
    faulty,
    rmaId: context.newId(),
    fault: command.fault,
    ...(warnings.length > 0 && { overruled: { warnings, reason: command.overruleReason ?? '' } }),
  });
  return { ok: true, drafts: [swapped] };
}

/** Claims a good unit for a ticket: it counts as open until it is installed or returned. */
export function decideTake(unit: UnitState, ticket: TicketState, context: DecideContext): Decision {
  if (!isAvailable(unit)) return refuse('part.notAvailable');
  if (unit.takenFor !== undefined && unit.takenFor !== ticket.id) return refuse('part.takenForOther');
  return {
    ok: true,
    drafts: [
      draft(context, { stream: `unit/${unit.id}`, scope: unit.scope }, 'part.taken', {
        unitId: unit.id,
        ticketId: ticket.id,
      }),
    ],
  };
}

/** Gives a claimed unit back, to where it is. */
export function decideReturn(unit: UnitState, ticket: TicketState, context: DecideContext): Decision {
  if (unit.takenFor !== ticket.id || unit.location === undefined) return refuse('part.notTaken');
  return {
    ok: true,
    drafts: [
      draft(context, { stream: `unit/${unit.id}`, scope: unit.scope }, 'part.returned', {
        unitId: unit.id,
        ticketId: ticket.id,
        to: unit.location,
      }),
    ],
  };
}
