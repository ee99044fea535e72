import type { DomainEvent, EventDraft } from '../../events/envelope.ts';
import type { DataOf } from '../registry.ts';
import type { DecideContext, Decision } from '../refusal.ts';
import { decideTicket, type TicketCommand } from './decide.ts';
import { evolveTicket } from './evolve.ts';
import { unknownTicket, type TicketState } from './state.ts';

/** What the service desk enters in one go. */
export interface Intake {
  readonly ticketId: string;
  readonly opening: DataOf<'ticket.opened'>;
  readonly grading?: Omit<TicketCommand & { do: 'grade' }, 'do'>;
  readonly assignment?: Omit<TicketCommand & { do: 'assign' }, 'do'>;
}

/** Opens, grades and assigns as one act: all of it is written, or nothing. */
export function decideIntake(intake: Intake, context: DecideContext): Decision {
  const commands: TicketCommand[] = [{ do: 'open', ticketId: intake.ticketId, data: intake.opening }];
  if (intake.grading !== undefined) commands.push({ do: 'grade', ...intake.grading });
  if (intake.assignment !== undefined) commands.push({ do: 'assign', ...intake.assignment });
  return decideInTurn(unknownTicket(intake.ticketId), commands, context);
}

/** Decides several commands, each on the state that the ones before it lead to. */
export function decideInTurn(
  start: TicketState,
  commands: readonly TicketCommand[],
  context: DecideContext,
): Decision {
  let state = start;
  const drafts: EventDraft[] = [];
  for (const command of commands) {
    const decision = decideTicket(state, command, context);
    if (!decision.ok) return decision;
    for (const draft of decision.drafts) {
      drafts.push(draft);
      state = evolveTicket(state, provisional(draft, context));
    }
  }
  return { ok: true, drafts };
}

/** A draft as the event it is going to be, for looking one step ahead. It never leaves this file. */
function provisional(draft: EventDraft, context: DecideContext): DomainEvent {
  return {
    ...draft,
    hlc: '',
    at: context.now,
    tz: 'UTC',
    clock: { monotonicMs: 0, bootId: '' },
    actor: context.actor,
    device: '',
    prev: '',
  };
}
