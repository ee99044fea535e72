import type { AccessGround } from '#shared/host/ssh.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';

export type Consent = TicketState['consents'][number];

/** A consent as the host wants it named: an emergency is no consent, and says its reason. */
export function groundOf(consent: Consent): AccessGround {
  return consent.emergency
    ? { kind: 'emergency', reason: consent.reason ?? consent.systems }
    : { kind: 'consent', eventId: consent.eventId };
}
