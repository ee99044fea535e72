import { z } from 'zod';
import { eventType } from '../event-types.ts';

const id = z.string().min(1).max(120);
const text = z.string().max(2000);
const reason = z.string().trim().min(1).max(2000);

export const Condition = z.enum(['good', 'faulty', 'suspect', 'repaired', 'doa', 'scrapped']);
export type Condition = z.infer<typeof Condition>;

export const LocationKind = z.enum([
  'depot',
  'van',
  'slot',
  'inTransit',
  'customerReturn',
  'vendorRepair',
  'quarantine',
  'scrap',
  'adjustment',
  'supplier',
]);
/** Where a unit is: a place of a kind. For a slot `id` is `<asset>#<slot>`. */
export const LocationSchema = z.object({ kind: LocationKind, id });
export type Location = z.infer<typeof LocationSchema>;

/** What identifies a unit: manufacturer is part of the part number's catalogue entry. */
export const IdentitySchema = z.object({
  partNumber: z.string().trim().min(1).max(80),
  serial: z.string().trim().min(1).max(80),
  name: z.string().max(200),
});
export type Identity = z.infer<typeof IdentitySchema>;

/**
 * The id of a unit is its identity, so that the same serial number registered
 * on two laptops is the same unit on both.
 */
export function unitIdOf(identity: Pick<Identity, 'partNumber' | 'serial'>): string {
  return `${normalise(identity.partNumber)}~${normalise(identity.serial)}`;
}

function normalise(code: string): string {
  return code
    .trim()
    .toUpperCase()
    .replaceAll(/[\s/]+/g, '-');
}

const unit = z.object({ unitId: id, ...IdentitySchema.shape });

/** Events of the parts ledger: moves only; a mistake is reversed by a counter-move. */
export const partEvents = {
  /** A unit enters the ledger: from a supplier, or found on a site. Stream `unit/<id>`. */
  'part.received': eventType(
    1,
    z.object({ ...unit.shape, condition: Condition, from: LocationSchema, to: LocationSchema }),
  ),
  'part.moved': eventType(
    1,
    z.object({
      unitId: id,
      from: LocationSchema,
      to: LocationSchema,
      condition: Condition,
      reason,
      ticketId: id.optional(),
      reverses: z.string().max(36).optional(),
    }),
    (data) => (data.ticketId === undefined ? [] : [`ticket/${data.ticketId}`]),
  ),
  /** A good unit is claimed for a ticket. Stream `unit/<id>`. */
  'part.taken': eventType(1, z.object({ unitId: id, ticketId: id }), (data) => [`ticket/${data.ticketId}`]),
  'part.returned': eventType(1, z.object({ unitId: id, ticketId: id, to: LocationSchema }), (data) => [
    `ticket/${data.ticketId}`,
  ]),
  /**
   * The swap, one act: good unit in, faulty unit out, installed base, RMA line.
   * Stream `ticket/<id>`.
   */
  'part.swapped': eventType(
    1,
    z.object({
      ticketId: id,
      assetId: id,
      slotId: id,
      /** Where the good unit came from and the faulty one goes to: the van or the kit. */
      kit: LocationSchema,
      good: unit,
      faulty: unit,
      rmaId: id,
      /** Why the warnings were overruled; their codes stand beside it. */
      overruled: z.object({ warnings: z.array(z.string().max(80)), reason: text }).optional(),
      fault: text,
    }),
    (data) => [
      `asset/${data.assetId}`,
      `unit/${data.good.unitId}`,
      `unit/${data.faulty.unitId}`,
      `rma/${data.rmaId}`,
    ],
  ),
} as const;
