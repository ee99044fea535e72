import type { Clock, ClockState } from './clock.ts';
import type { PromiseName } from './policy.ts';

/** A ticket's clocks under one version of the calendars. */
export interface TicketClocks {
  readonly ticket: string;
  readonly clocks: readonly Clock[];
}

/** A deadline that a changed calendar moves. Instants are epoch milliseconds; absent while a pause holds the clock. */
export interface MovedDeadline {
  readonly ticket: string;
  readonly promise: PromiseName;
  readonly from: { readonly due?: number | undefined; readonly state: ClockState };
  readonly to: { readonly due?: number | undefined; readonly state: ClockState };
}

/**
 * What a change of calendar does, to be shown before it is published: "this
 * change moves 37 deadlines" (S3). Tickets that stand on one side only are left out.
 */
export function restatement(
  before: readonly TicketClocks[],
  after: readonly TicketClocks[],
): MovedDeadline[] {
  const later = new Map(after.map(({ ticket, clocks }) => [ticket, clocks]));
  return before.flatMap(({ ticket, clocks }) =>
    clocks.flatMap((was) => {
      const is = later.get(ticket)?.find(({ promise }) => promise === was.promise);
      if (is === undefined || (is.due === was.due && is.state === was.state)) return [];
      const from = { due: was.due, state: was.state };
      return [{ ticket, promise: was.promise, from, to: { due: is.due, state: is.state } }];
    }),
  );
}
