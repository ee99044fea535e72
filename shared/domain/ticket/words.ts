import { z } from 'zod';

/** The closed vocabularies of a ticket. The screens translate them; see the glossary. */
export const Channel = z.enum(['hotline', 'email', 'remotePlatform', 'alarm', 'onSite']);
export type Channel = z.infer<typeof Channel>;

export const Level = z.enum(['high', 'medium', 'low']);
export type Level = z.infer<typeof Level>;

export const Grade = z.enum(['P1', 'P2', 'P3', 'P4']);
export type Grade = z.infer<typeof Grade>;

export const Tier = z.enum(['L1', 'L2', 'L3']);
export type Tier = z.infer<typeof Tier>;

export const WaitingReason = z.enum([
  'customer',
  'supplier',
  'part',
  'access',
  'change-window',
  'third-party',
  'safety',
]);
export type WaitingReason = z.infer<typeof WaitingReason>;

/** The main line of the work, in order. */
export const WORK_STATES = [
  'new',
  'graded',
  'assigned',
  'accepted',
  'diagnosing',
  'recovering',
  'restored',
  'fixing',
  'verifying',
  'closed',
  'reviewed',
] as const;
export const WorkState = z.enum(WORK_STATES);
export type WorkState = z.infer<typeof WorkState>;

export const CauseCode = z.enum([
  'hardware',
  'software',
  'configuration',
  'power',
  'environment',
  'transmission',
  'operation',
  'design',
  'thirdParty',
  'unknown',
]);
export type CauseCode = z.infer<typeof CauseCode>;

/** How the customer confirmed that the symptom is gone. */
export const ConfirmationMethod = z.enum(['signature', 'phone', 'email', 'refusal']);
export type ConfirmationMethod = z.infer<typeof ConfirmationMethod>;

export const EvidenceKind = z.enum(['recording', 'excerpt', 'photo', 'document', 'signature', 'file']);
export type EvidenceKind = z.infer<typeof EvidenceKind>;

/** Impact x urgency. Rows: impact; columns: urgency. */
const MATRIX: Record<Level, Record<Level, Grade>> = {
  high: { high: 'P1', medium: 'P2', low: 'P3' },
  medium: { high: 'P2', medium: 'P3', low: 'P3' },
  low: { high: 'P3', medium: 'P4', low: 'P4' },
};

/** The grade that follows from impact and urgency; another one needs a reason. */
export function gradeOf(impact: Level, urgency: Level): Grade {
  return MATRIX[impact][urgency];
}

/** Texts of a ticket that people correct later; each carries the event that set it. */
export const EDITABLE_FIELDS = [
  'symptom',
  'environment',
  'contactName',
  'contactPhone',
  'assetId',
  'recoveryPlan',
  'fixPlan',
  'causeCode',
  'rootCause',
  'treatment',
] as const;
export const EditableField = z.enum(EDITABLE_FIELDS);
export type EditableField = z.infer<typeof EditableField>;
