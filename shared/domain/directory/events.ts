import { z } from 'zod';
import { eventType } from '../event-types.ts';
import { Tier } from '../ticket/words.ts';

const id = z.string().min(1).max(120);
const line = z.string().max(200);

export const Role = z.enum(['engineer', 'specialist', 'technician', 'desk', 'manager', 'admin', 'customer']);
export type Role = z.infer<typeof Role>;

/** What an asset's slot expects, and what sits in it at registration. */
export const SlotSchema = z.object({
  slotId: id,
  label: line,
  partNumber: z.string().max(80),
  unitId: id.optional(),
});

/** A file that travels as an attachment: named by its content. */
const file = {
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
  name: line.min(1),
};

export const SiteDocumentKind = z.enum(['map', 'drawing', 'photo', 'access', 'other']);
export type SiteDocumentKind = z.infer<typeof SiteDocumentKind>;

/** Customers, sites, assets and people: the things that tickets speak of. */
export const directoryEvents = {
  /** Stream `customer/<id>`. Registering again replaces what was said before. */
  'customer.registered': eventType(1, z.object({ name: line.min(1), nameEn: line.optional() })),
  'customer.contactAdded': eventType(1, z.object({ name: line.min(1), phone: line, email: line.optional() })),
  /** Stream `site/<id>`. */
  'site.registered': eventType(
    1,
    z.object({
      customerId: id,
      name: line.min(1),
      nameEn: line.optional(),
      address: line,
      zone: z.string().max(64),
      region: id,
    }),
  ),
  /** The way there, drawings, how one gets in: what somebody on the way to the site wants to have with him. */
  'site.documentAdded': eventType(
    1,
    z.object({ documentId: id, kind: SiteDocumentKind, title: line.min(1), ...file }),
  ),
  'site.documentRemoved': eventType(1, z.object({ documentId: id, reason: z.string().max(2000) })),
  /** Stream `asset/<id>`. */
  'asset.registered': eventType(
    1,
    z.object({
      siteId: id,
      name: line.min(1),
      nameEn: line.optional(),
      kind: line,
      model: line,
      serial: line,
      slots: z.array(SlotSchema).max(500),
      /** Where it answers on the site's network, if it does. */
      address: z
        .object({ host: z.string().max(255), port: z.number().int().min(1).max(65_535), username: line })
        .optional(),
    }),
  ),
  /** How the device was configured when all was well: what a diagnosis compares with. */
  'asset.baselineTaken': eventType(1, z.object({ baselineId: id, label: line.min(1), ...file })),
  /** Stream `user/<id>`. */
  'user.registered': eventType(
    1,
    z.object({ name: line.min(1), nameEn: line.optional(), roles: z.array(Role), tier: Tier, region: id }),
  ),
} as const;
