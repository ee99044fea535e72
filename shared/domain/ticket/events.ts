import { z } from 'zod';
import { eventType } from '../event-types.ts';
import {
  Channel,
  ConfirmationMethod,
  EditableField,
  EvidenceKind,
  Grade,
  Level,
  Tier,
  WaitingReason,
} from './words.ts';

const id = z.string().min(1).max(120);
const line = z.string().max(500);
const text = z.string().max(20_000);
const reason = z.string().trim().min(1).max(2000);
const instant = z.iso.datetime({ offset: true });
/** A scope that a ticket can be shared into: a person's desk, or another region. */
const shareTarget = z.string().regex(/^(user|region)\/[^\s/]{1,80}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Where an attachment came from; every part is what the tool saw, none is typed in. */
export const EvidenceSourceSchema = z.object({
  path: z.string().max(4096).optional(),
  host: z.string().max(255).optional(),
  hostKeyFingerprint: z.string().max(120).optional(),
  ranges: z
    .array(z.object({ from: z.number().int().nonnegative(), to: z.number().int().nonnegative() }))
    .max(10_000)
    .optional(),
  encoding: z.string().max(40).optional(),
  filter: z.string().max(2000).optional(),
  clockOffsetMs: z.number().optional(),
  durationMs: z.number().nonnegative().optional(),
});

/** Events of a ticket. All stand in the stream `ticket/<id>`. */
export const ticketEvents = {
  'ticket.opened': eventType(
    1,
    z.object({
      number: z.string().max(40),
      customerId: id,
      siteId: id,
      assetId: id.optional(),
      contactName: line,
      contactPhone: line,
      channel: Channel,
      symptom: text.min(1),
      environment: text,
      /** When the customer saw it first. */
      occurredAt: instant,
    }),
  ),
  'ticket.graded': eventType(
    1,
    z.object({ impact: Level, urgency: Level, grade: Grade, overrideReason: reason.optional() }),
  ),
  'ticket.assigned': eventType(1, z.object({ to: id, tier: Tier, note: text.optional() })),
  'ticket.declined': eventType(1, z.object({ reason })),
  'ticket.accepted': eventType(1, z.object({})),
  'ticket.diagnosisStarted': eventType(1, z.object({})),
  'ticket.recoveryStarted': eventType(1, z.object({ plan: text.min(1) })),
  'ticket.restored': eventType(1, z.object({ what: text.min(1), restoredAt: instant })),
  'ticket.fixStarted': eventType(1, z.object({ plan: text.min(1) })),
  'ticket.verificationStarted': eventType(1, z.object({})),
  'ticket.confirmed': eventType(
    1,
    z.object({
      method: ConfirmationMethod,
      name: line.min(1),
      note: text.optional(),
      /** The drawn signature as PNG, by hash. */
      signature: sha256.optional(),
    }),
  ),
  'ticket.calledBack': eventType(
    1,
    z.object({
      reached: z.boolean(),
      satisfaction: z.number().int().min(1).max(5).optional(),
      note: text.optional(),
    }),
  ),
  'ticket.closed': eventType(1, z.object({})),
  'ticket.reviewed': eventType(1, z.object({ report: text.min(1), knowledge: text.min(1) })),
  'ticket.reopened': eventType(1, z.object({ reason })),
  'ticket.cancelled': eventType(1, z.object({ reason })),
  'ticket.paused': eventType(
    1,
    z.object({ reason: WaitingReason, evidence: reason, approvedBy: id.optional() }),
  ),
  'ticket.resumed': eventType(1, z.object({})),
  'ticket.shared': eventType(1, z.object({ with: shareTarget })),
  'ticket.unshared': eventType(1, z.object({ with: shareTarget })),
  'ticket.noted': eventType(1, z.object({ text: text.min(1) })),
  'ticket.edited': eventType(
    1,
    z.object({
      field: EditableField,
      value: text,
      /** The event that had set the value which the editor saw: how concurrent edits are found. */
      basedOn: z.string().max(36),
      /** Events whose conflicting values this edit settles. */
      settles: z.array(z.string().max(36)).max(100).optional(),
    }),
  ),
  'ticket.consented': eventType(
    1,
    z.object({
      name: line.min(1),
      systems: text.min(1),
      until: instant,
      emergency: z.boolean(),
      reason: text.optional(),
    }),
  ),
  'ticket.evidenceAttached': eventType(
    1,
    z.object({
      kind: EvidenceKind,
      name: line,
      sha256,
      size: z.number().int().nonnegative(),
      mediaType: z.string().max(120),
      source: EvidenceSourceSchema.optional(),
      note: text.optional(),
    }),
  ),
} as const;
