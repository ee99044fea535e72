import type { AccessGround } from '#shared/host/ssh.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';

export type Consent = TicketState['consents'][number];

/** The consent that covers a connection now: of several the one that lasts longest. `now` is ISO in UTC. */
export function consentNow(ticket: TicketState, now: string): Consent | undefined {
  return ticket.consents
    .filter(({ until }) => Date.parse(until) > Date.parse(now))
    .sort((a, b) => Date.parse(b.until) - Date.parse(a.until))[0];
}

/** A consent as the host wants it named: an emergency is no consent, and says its reason. */
export function groundOf(consent: Consent): AccessGround {
  return consent.emergency
    ? { kind: 'emergency', reason: consent.reason ?? consent.systems }
    : { kind: 'consent', eventId: consent.eventId };
}
