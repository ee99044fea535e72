import type { SwapCommand } from '#shared/domain/part/decide.ts';
import { decideReturn, decideSwap, decideTake } from '#shared/domain/part/decide.ts';
import { unitIdOf } from '#shared/domain/part/events.ts';
import type { UnitState } from '#shared/domain/part/unit.ts';
import type { AssetState } from '#shared/domain/directory/state.ts';
import { refuse, type Decision } from '#shared/domain/refusal.ts';
import { decideTicket, type TicketCommand } from '#shared/domain/ticket/decide.ts';
import { decideIntake, type Intake } from '#shared/domain/ticket/intake.ts';
import { formatTicketNumber } from '#shared/domain/ticket/number.ts';
import { unknownTicket, type TicketState } from '#shared/domain/ticket/state.ts';
import { decideContext, newId, saveDecision, type Desk } from './desk.ts';

/** Does something to a ticket, on its state as it is now. Resolves when it is saved, or with the refusal. */
export async function actOnTicket(desk: Desk, ticketId: string, command: TicketCommand): Promise<Decision> {
  return saveDecision(desk, decideTicket(await ticketOf(desk, ticketId), command, decideContext(desk)));
}

/** Takes a call: number, opening, grade and assignment in one act. */
export async function openTicket(
  desk: Desk,
  intake: Omit<Intake, 'ticketId' | 'opening'> & { opening: Omit<Intake['opening'], 'number'> },
): Promise<{ decision: Decision; ticketId: string; number: string }> {
  const { number: running, deviceCode } = await desk.host.journal.takeNumber({ counter: 'ticket' });
  const number = formatTicketNumber(deviceCode, running);
  const ticketId = newId();
  const decision = decideIntake(
    { ...intake, ticketId, opening: { ...intake.opening, number } },
    decideContext(desk),
  );
  return { decision: await saveDecision(desk, decision), ticketId, number };
}

/** Swaps a unit: faulty out and good in are one fact. */
export async function swapUnit(
  desk: Desk,
  ticketId: string,
  assetId: string,
  command: SwapCommand,
): Promise<Decision> {
  const ticket = await ticketOf(desk, ticketId);
  const asset = (await desk.store.row({ key: `asset/${assetId}` }))?.state as AssetState | undefined;
  if (asset === undefined) return refuse('part.unknownAsset');
  const units = new Map<string, UnitState>();
  for (const unitId of [unitIdOf(command.good), unitIdOf(command.faulty)]) {
    const row = await desk.store.row({ key: `unit/${unitId}` });
    if (row !== undefined) units.set(unitId, row.state as UnitState);
  }
  const world = { ticket, asset, unit: (unitId: string) => units.get(unitId) };
  return saveDecision(desk, decideSwap(command, world, decideContext(desk)));
}

/** Claims a unit for a ticket. */
export async function takeUnit(desk: Desk, ticketId: string, unit: UnitState): Promise<Decision> {
  return saveDecision(desk, decideTake(unit, await ticketOf(desk, ticketId), decideContext(desk)));
}

/** Gives a claimed unit back. */
export async function returnUnit(desk: Desk, ticketId: string, unit: UnitState): Promise<Decision> {
  return saveDecision(desk, decideReturn(unit, await ticketOf(desk, ticketId), decideContext(desk)));
}

async function ticketOf(desk: Desk, ticketId: string): Promise<TicketState> {
  const row = await desk.store.row({ key: `ticket/${ticketId}` });
  return (row?.state as TicketState | undefined) ?? unknownTicket(ticketId);
}
