import type { TicketCommand } from '#shared/domain/ticket/decide.ts';
import { missingFor, nextStep, type Missing } from '#shared/domain/ticket/guards.ts';
import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import type { WorkState } from '#shared/domain/ticket/words.ts';
import type { ActName } from './act-specs.ts';

/** What the one main button does: asks for what is lacking, or takes the step at once. */
export interface NextAct {
  readonly step: WorkState;
  /** What the step still lacks, its own form included. */
  readonly lacks: readonly Missing[];
  readonly does: { readonly open: ActName } | { readonly command: TicketCommand };
}

const CAUSE: readonly Missing[] = ['causeCode', 'rootCause', 'treatment'];

/** The next act on a ticket's main line; `undefined` when there is none. */
export function nextAct(ticket: TicketState): NextAct | undefined {
  const step = ticket.needsUpdate ? undefined : nextStep(ticket);
  if (step === undefined) return undefined;
  const missing = missingFor(ticket, step);
  switch (step) {
    case 'graded':
      return { step, lacks: ['impact'], does: { open: 'grade' } };
    case 'assigned':
      return { step, lacks: ['assignee'], does: { open: 'assign' } };
    case 'accepted':
      return { step, lacks: missing, does: { command: { do: 'accept' } } };
    case 'diagnosing':
      return { step, lacks: missing, does: { command: { do: 'startDiagnosis' } } };
    case 'recovering':
      return {
        step,
        lacks: fieldOf(ticket, 'recoveryPlan') === '' ? ['recoveryPlan'] : [],
        does: { open: 'startRecovery' },
      };
    case 'restored':
      return { step, lacks: ['restoredWhat'], does: { open: 'restore' } };
    case 'fixing':
      return {
        step,
        lacks: fieldOf(ticket, 'fixPlan') === '' ? ['fixPlan'] : [],
        does: { open: 'startFix' },
      };
    case 'verifying':
      return missing.some((code) => CAUSE.includes(code))
        ? { step, lacks: missing, does: { open: 'editCause' } }
        : { step, lacks: missing, does: { command: { do: 'startVerification' } } };
    case 'closed':
      if (missing.includes('confirmation')) return { step, lacks: missing, does: { open: 'confirm' } };
      if (missing.includes('callBack')) return { step, lacks: missing, does: { open: 'callBack' } };
      return { step, lacks: missing, does: { open: 'close' } };
    case 'reviewed':
      return { step, lacks: ['review'], does: { open: 'review' } };
    default:
      return undefined;
  }
}
