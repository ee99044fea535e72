import type { Clock } from '../sla/clock.ts';
import { clocks } from '../sla/clocks.ts';
import { compileCalendars, type CalendarBook } from '../sla/compiled-calendar.ts';
import { defaultCalendars } from '../sla/default-calendars.ts';
import { defaultPolicy } from '../sla/default-policy.ts';
import type { Moment, Pause, SlaFacts } from '../sla/facts.ts';
import type { Policy } from '../sla/policy.ts';
import type { TicketState } from './state.ts';

/** The terms that promises are measured by. */
export interface Terms {
  readonly policy: Policy;
  readonly calendars: CalendarBook;
}

/** The terms that come with the product. */
const defaultTerms: Terms = { policy: defaultPolicy, calendars: compileCalendars(defaultCalendars) };

/** When something of this ticket really was, as nearly as is known, if a wrong clock noted it as `at` (S9, S11). */
export function momentOf({ clockDoubts }: Pick<TicketState, 'clockDoubts'>, at: string): Moment {
  const doubt = clockDoubts[at];
  if (doubt === undefined) return { at: Date.parse(at) };
  return { at: Date.parse(at) + doubt.offsetMs, uncertaintyMs: doubt.uncertaintyMs };
}

/** What the clocks need to know, read off a ticket. */
export function slaFactsOf(ticket: TicketState): SlaFacts {
  const moment = (at: string): Moment => momentOf(ticket, at);
  const calledBack = ticket.callBacks.find((call) => call.reached) ?? ticket.callBacks.at(2);
  return {
    openedAt: moment(ticket.openedAt),
    gradings: ticket.gradings.map(({ at, grade }) => ({ ...moment(at), grade })),
    ...(ticket.steps.assigned && { assignedAt: moment(ticket.steps.assigned.at) }),
    ...(ticket.firstAcceptedAt !== undefined && { respondedAt: moment(ticket.firstAcceptedAt) }),
    pauses: ticket.pauses.map(({ from, to, reason, evidence }) => ({
      ...spanOf(moment(from), to === undefined ? undefined : moment(to)),
      reason,
      evidence,
    })),
    ...(ticket.restored && { restoredAt: moment(ticket.restored.at) }),
    resolvedAt: ticket.verifyingAt === undefined ? ticket.closings.map(moment) : [moment(ticket.verifyingAt)],
    closedAt: ticket.closings.map(moment),
    reopenedAt: ticket.reopenings.map(moment),
    confirmed: ticket.confirmation !== undefined,
    ...(ticket.reviewed && { reportDoneAt: moment(ticket.reviewed.at) }),
    ...(calledBack !== undefined && { calledBackAt: moment(calledBack.at) }),
    ...(ticket.ended && { ended: { ...moment(ticket.ended.at), as: ticket.ended.how } }),
  };
}

/** A span of time is as uncertain as the less certain of its ends. */
function spanOf(from: Moment, to: Moment | undefined): Pick<Pause, 'from' | 'to' | 'uncertaintyMs'> {
  const uncertaintyMs = Math.max(from.uncertaintyMs ?? 0, to?.uncertaintyMs ?? 0);
  return {
    from: from.at,
    ...(to !== undefined && { to: to.at }),
    ...(uncertaintyMs > 0 && { uncertaintyMs }),
  };
}

/** The five promises of a ticket as they stand at `now` (epoch milliseconds). */
export function promisesOf(ticket: TicketState, now: number, terms: Terms = defaultTerms): Clock[] {
  return clocks({ facts: slaFactsOf(ticket), policy: terms.policy, calendars: terms.calendars, now });
}

/** The open promise that falls due first: what a list sorts by. `undefined` when nothing is promised any more. */
export function mostUrgent(promises: readonly Clock[]): Clock | undefined {
  const open = promises.filter(
    (clock) =>
      clock.fulfilledAt === undefined && ['running', 'paused', 'breached', 'disputed'].includes(clock.state),
  );
  return open.toSorted((a, b) => (a.due ?? Number.MAX_SAFE_INTEGER) - (b.due ?? Number.MAX_SAFE_INTEGER))[0];
}
