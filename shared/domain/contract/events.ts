import { z } from 'zod';
import { eventType } from '../event-types.ts';

const id = z.string().min(1).max(120);
const line = z.string().max(200);
/** A calendar day, `2026-11-22`. */
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

/** What a customer has bought. */
export const contractEvents = {
  /** Stream `contract/<id>`. Registering again replaces what was said before. */
  'contract.registered': eventType(
    1,
    z.object({
      number: line.min(1),
      customerId: id,
      /** Empty: all sites of the customer. */
      siteIds: z.array(id).max(2000),
      /** First and last day of the service term, in the site's zone. */
      from: day,
      to: day,
      /** What the customer is entitled to, in words that a field engineer can act on. */
      entitlement: z.string().max(2000),
      /** The calendar its promises run on, and the version of it that was agreed. */
      calendar: z.object({ id, version: z.number().int().positive() }),
    }),
  ),
} as const;
