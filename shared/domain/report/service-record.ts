import { z } from 'zod';

/**
 * The service record (服务单): everything that stands on the paper a customer
 * signs, as plain data. It is gathered from a ticket's events; the paper adds
 * nothing to it. A fact that is not known is left out, and the paper says so.
 */

const text = z.string();
const optionalText = z.string().optional();

/** SHA-256 as 64 lower-case hexadecimal digits. */
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** An instant and the zone of the device that recorded it; the paper shows it in the site's zone. */
export const Moment = z.object({
  /** ISO 8601 with offset or Z. */
  at: z.iso.datetime({ offset: true }),
  /** IANA zone, for example `Asia/Shanghai`. */
  zone: text,
});
export type Moment = z.infer<typeof Moment>;

/** A JPEG or PNG: its bytes, or the hash under which the host keeps them. */
export const Picture = z.union([
  z.object({ bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes') }),
  z.object({ blob: Sha256Hex }),
]);
export type Picture = z.infer<typeof Picture>;

export const RecordLanguage = z.enum(['zh-CN', 'en', 'both']);
export type RecordLanguage = z.infer<typeof RecordLanguage>;

export const RecordGrade = z.enum(['P1', 'P2', 'P3', 'P4']);
export type RecordGrade = z.infer<typeof RecordGrade>;

export const RecordChannel = z.enum(['hotline', 'email', 'remotePlatform', 'alarm', 'onSite']);

export const RecordPromise = z.object({
  kind: z.enum(['respond', 'restore', 'resolve', 'report', 'callBack']),
  result: z.enum(['met', 'breached', 'disputed', 'running', 'paused']),
  due: Moment.optional(),
  actual: Moment.optional(),
  /** Why, where it needs a word: what paused it, what makes it disputed. */
  note: optionalText,
});
export type RecordPromise = z.infer<typeof RecordPromise>;

/** A plan and what came of it. */
export const RecordPlan = z.object({ plan: optionalText, result: optionalText });
export type RecordPlan = z.infer<typeof RecordPlan>;

export const RecordPart = z.object({
  /** A swap is both at once: faulty unit out, good unit in. */
  action: z.enum(['swap', 'faultyOut', 'goodIn']),
  partNumber: optionalText,
  name: optionalText,
  serialOut: optionalText,
  serialIn: optionalText,
  slot: optionalText,
  rmaLine: optionalText,
});
export type RecordPart = z.infer<typeof RecordPart>;

export const RecordEvidence = z.object({
  kind: z.enum(['recording', 'excerpt', 'transfer', 'photo', 'scan', 'consent', 'signature', 'file']),
  name: text,
  sha256: Sha256Hex,
  /** Bytes. */
  size: z.number().int().nonnegative(),
});
export type RecordEvidence = z.infer<typeof RecordEvidence>;

export const RecordPhoto = z.object({ picture: Picture, caption: optionalText, taken: Moment.optional() });
export type RecordPhoto = z.infer<typeof RecordPhoto>;

/** Who allowed remote access, to what, until when (rule E2). */
export const RecordConsent = z.object({
  by: optionalText,
  systems: optionalText,
  given: Moment.optional(),
  until: Moment.optional(),
  /** Set where a P1 was entered as an emergency without consent. */
  emergencyReason: optionalText,
});
export type RecordConsent = z.infer<typeof RecordConsent>;

/** One pen stroke: points of [x, y, milliseconds], x and y in any one unit, y downwards. */
export const Stroke = z.array(z.tuple([z.number(), z.number(), z.number()]));
export type Stroke = z.infer<typeof Stroke>;

const signer = { who: text, role: optionalText, at: Moment };

/** How the customer confirmed (rule T3): by hand, by a named person from afar, or not, with the reason on record. */
export const RecordSignature = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('strokes'),
    ...signer,
    method: z.enum(['pen', 'finger', 'mouse']),
    strokes: z.array(Stroke),
  }),
  z.object({
    kind: z.literal('picture'),
    ...signer,
    method: z.enum(['pen', 'finger', 'mouse', 'paper']),
    picture: Picture,
  }),
  z.object({ kind: z.literal('remote'), ...signer, by: z.enum(['phone', 'email']), reference: optionalText }),
  z.object({ kind: z.literal('refused'), ...signer, reason: text }),
]);
export type RecordSignature = z.infer<typeof RecordSignature>;

/** Everything on the paper. `signature` left out means "not signed yet". */
export const ServiceRecordModel = z.object({
  language: RecordLanguage,
  letterhead: z.object({ organisation: optionalText, logo: Picture.optional() }).optional(),
  ticket: z.object({
    /** Final number born on the device (rule T7). */
    number: text,
    /** The number the server added, once it is known. */
    alias: optionalText,
    grade: RecordGrade.optional(),
    title: text,
    symptom: optionalText,
    environment: optionalText,
    channel: RecordChannel.optional(),
  }),
  customer: optionalText,
  site: z.object({
    name: optionalText,
    /** Room, cabinet. */
    room: optionalText,
    /** IANA zone in which every time on the paper is shown (rule S8). */
    zone: text,
  }),
  asset: z.object({ name: optionalText, model: optionalText, serial: optionalText }).optional(),
  contact: z.object({ name: optionalText, phone: optionalText, email: optionalText }).optional(),
  engineer: optionalText,
  times: z.object({
    opened: Moment.optional(),
    responded: Moment.optional(),
    restored: Moment.optional(),
    resolved: Moment.optional(),
    verified: Moment.optional(),
  }),
  promises: z.array(RecordPromise),
  recovery: RecordPlan.optional(),
  fix: RecordPlan.optional(),
  causeCode: optionalText,
  rootCause: optionalText,
  treatment: optionalText,
  parts: z.array(RecordPart),
  evidence: z.array(RecordEvidence),
  photos: z.array(RecordPhoto),
  consent: RecordConsent.optional(),
  signature: RecordSignature.optional(),
  notes: optionalText,
  generatedAt: Moment,
  /** Hash of the ticket's last event that went into this paper. */
  lastEventHash: Sha256Hex.optional(),
});
export type ServiceRecordModel = z.infer<typeof ServiceRecordModel>;

/** What one paper may hold. Above any of these the host refuses with a `documents.*` code. */
export const SERVICE_RECORD_LIMITS = {
  photos: 40,
  /** Of one picture. */
  pictureBytes: 25_000_000,
  /** Of all pictures together: the PDF is built in memory. */
  allPictureBytes: 100_000_000,
  parts: 500,
  evidence: 1_000,
  promises: 20,
  /** Characters of one text. */
  textLength: 20_000,
  /** Characters of all texts together, about 150 pages. */
  allTextLength: 300_000,
  signaturePoints: 50_000,
} as const;
