import type { EndedAs, Grade, Moment, SlaFacts, WaitingReason } from './facts.ts';
import { epochMs, type Instant } from './instants.ts';

interface Waiting {
  readonly from: Instant;
  readonly to?: Instant;
  readonly reason: WaitingReason;
  readonly evidence?: string;
  readonly uncertaintyMs?: number;
}

/**
 * Facts told like a story, for tests, demonstrations and the seed of a
 * workspace: `ticketOpened('…').graded('P1', '…').facts`. Every step gives new facts.
 */
export class TicketFacts {
  readonly facts: SlaFacts;

  constructor(facts: SlaFacts) {
    this.facts = facts;
  }

  graded(grade: Grade, at: Instant): TicketFacts {
    return this.with({ gradings: [...this.facts.gradings, { at: epochMs(at), grade }] });
  }

  assigned(at: Instant): TicketFacts {
    return this.with({ assignedAt: moment(at) });
  }

  responded(at: Instant, uncertaintyMs?: number): TicketFacts {
    return this.with({ respondedAt: moment(at, uncertaintyMs) });
  }

  waited({ from, to, ...rest }: Waiting): TicketFacts {
    const pause = { ...rest, from: epochMs(from), to: to === undefined ? undefined : epochMs(to) };
    return this.with({ pauses: [...this.facts.pauses, pause] });
  }

  restored(at: Instant, uncertaintyMs?: number): TicketFacts {
    return this.with({ restoredAt: moment(at, uncertaintyMs) });
  }

  resolved(at: Instant): TicketFacts {
    return this.with({ resolvedAt: [...this.facts.resolvedAt, moment(at)] });
  }

  confirmed(): TicketFacts {
    return this.with({ confirmed: true });
  }

  closed(at: Instant): TicketFacts {
    return this.with({ closedAt: [...this.facts.closedAt, moment(at)] });
  }

  reopened(at: Instant): TicketFacts {
    return this.with({ reopenedAt: [...this.facts.reopenedAt, moment(at)] });
  }

  reported(at: Instant): TicketFacts {
    return this.with({ reportDoneAt: moment(at) });
  }

  calledBack(at: Instant): TicketFacts {
    return this.with({ calledBackAt: moment(at) });
  }

  ended(as: EndedAs, at: Instant): TicketFacts {
    return this.with({ ended: { ...moment(at), as } });
  }

  private with(more: Partial<SlaFacts>): TicketFacts {
    return new TicketFacts({ ...this.facts, ...more });
  }
}

/** A ticket of which nothing is known but when it was opened. */
export function ticketOpened(at: Instant, uncertaintyMs?: number): TicketFacts {
  return new TicketFacts({
    openedAt: moment(at, uncertaintyMs),
    gradings: [],
    pauses: [],
    resolvedAt: [],
    closedAt: [],
    reopenedAt: [],
    confirmed: false,
  });
}

function moment(at: Instant, uncertaintyMs?: number): Moment {
  return uncertaintyMs === undefined ? { at: epochMs(at) } : { at: epochMs(at), uncertaintyMs };
}
