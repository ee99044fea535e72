import type { TicketCommand } from '#shared/domain/ticket/decide.ts';
import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import {
  CauseCode,
  Channel,
  ConfirmationMethod,
  Grade,
  gradeOf,
  Level,
  Tier,
  WaitingReason,
  type EditableField,
} from '#shared/domain/ticket/words.ts';
import { fromZonedInput, toZonedInput } from './zoned-input.ts';

/** What a form holds while somebody fills it in; a tick is `yes` or nothing. */
export type Values = Readonly<Record<string, string>>;

/**
 * How a field is filled in. `choice` and `pick` are one of a closed vocabulary
 * (side by side, or from a list), `user` a colleague, `target` somebody or a region to share with, `sharedTarget` one it is
 * shared with, `instant` a time on the site's wall clock.
 */
export type FieldKind =
  | 'line'
  | 'text'
  | 'choice'
  | 'pick'
  | 'user'
  | 'manager'
  | 'target'
  | 'sharedTarget'
  | 'instant'
  | 'tick'
  | 'rating'
  | 'signature';

export interface FieldSpec {
  readonly name: string;
  readonly kind: FieldKind;
  readonly options?: readonly string[];
  /** Where the texts of the options stand: `ticket.<words>.<option>`. */
  readonly words?: string;
  readonly isOptional?: boolean;
  readonly isShown?: (values: Values, world: ActWorld) => boolean;
}

/** What a form needs to know of its surroundings. */
export interface ActWorld {
  readonly ticket: TicketState;
  /** The present instant, ISO in UTC. */
  readonly now: string;
  readonly zone: string;
  readonly isManager: boolean;
  /** Name and address of the asset, for the consent. */
  readonly systems: string;
}

export interface ActSpec {
  readonly fields: readonly FieldSpec[];
  readonly initial: (world: ActWorld) => Values;
  /** What the filled form asks for; taken in turn. */
  readonly commands: (values: Values, world: ActWorld) => readonly TicketCommand[];
}

const HOUR = 3_600_000;
/** A consent usually covers a shift. */
const CONSENT_MS = 8 * HOUR;

const nothing = (): Values => ({});
const reason: FieldSpec = { name: 'reason', kind: 'text' };

/** A form that asks for a reason and nothing else. */
function reasoned(act: 'decline' | 'reopen' | 'cancel'): ActSpec {
  return {
    fields: [reason],
    initial: nothing,
    commands: (values) => [{ do: act, reason: values.reason ?? '' }],
  };
}

const instantOf = (value: string | undefined, world: ActWorld): string =>
  fromZonedInput(value ?? '', world.zone) ?? world.now;
const textOf = (value: string | undefined): { note?: string } =>
  value === undefined || value.trim() === '' ? {} : { note: value };
const edit = (ticket: TicketState, field: EditableField, value: string): TicketCommand => ({
  do: 'edit',
  field,
  value,
  basedOn: ticket.fields[field]?.setBy ?? '',
});

/** The grade that a form's impact and urgency lead to, before any override. */
export function proposedGrade(values: Values): Grade | undefined {
  const impact = Level.safeParse(values.impact);
  const urgency = Level.safeParse(values.urgency);
  return impact.success && urgency.success ? gradeOf(impact.data, urgency.data) : undefined;
}

/** Impact, urgency and, where somebody knows better, another grade with its reason. */
export function gradingOf(values: Values): Omit<TicketCommand & { do: 'grade' }, 'do'> | undefined {
  const impact = Level.safeParse(values.impact);
  const urgency = Level.safeParse(values.urgency);
  if (!impact.success || !urgency.success) return undefined;
  const override = Grade.safeParse(values.override);
  return {
    impact: impact.data,
    urgency: urgency.data,
    ...(override.success &&
      override.data !== gradeOf(impact.data, urgency.data) && {
        override: { grade: override.data, reason: values.overrideReason ?? '' },
      }),
  };
}

export const GRADING_FIELDS: readonly FieldSpec[] = [
  { name: 'impact', kind: 'choice', options: Level.options, words: 'level' },
  { name: 'urgency', kind: 'choice', options: Level.options, words: 'level' },
  { name: 'override', kind: 'pick', options: Grade.options, words: 'grade', isOptional: true },
  {
    name: 'overrideReason',
    kind: 'line',
    isShown: (values) => {
      const grade = Grade.safeParse(values.override);
      return grade.success && grade.data !== proposedGrade(values);
    },
  },
];

/** The forms of everything one does to a ticket that asks for more than a click. */
const specs = {
  grade: {
    fields: GRADING_FIELDS,
    initial: ({ ticket }) => ({ impact: ticket.impact ?? 'medium', urgency: ticket.urgency ?? 'medium' }),
    commands: (values) => {
      const grading = gradingOf(values);
      return grading === undefined ? [] : [{ do: 'grade', ...grading }];
    },
  },
  assign: {
    fields: [
      { name: 'to', kind: 'user' },
      { name: 'tier', kind: 'choice', options: Tier.options, words: 'tier' },
      { name: 'note', kind: 'text', isOptional: true },
    ],
    initial: ({ ticket }) => ({ to: ticket.assignee ?? '', tier: ticket.tier }),
    commands: (values) => [
      {
        do: 'assign',
        to: values.to ?? '',
        tier: Tier.catch('L1').parse(values.tier),
        ...textOf(values.note),
      },
    ],
  },
  decline: reasoned('decline'),
  startRecovery: {
    fields: [{ name: 'plan', kind: 'text' }],
    initial: ({ ticket }) => ({ plan: fieldOf(ticket, 'recoveryPlan') }),
    commands: (values) => [{ do: 'startRecovery', plan: values.plan ?? '' }],
  },
  restore: {
    fields: [
      { name: 'what', kind: 'text' },
      { name: 'restoredAt', kind: 'instant' },
    ],
    initial: ({ now, zone }) => ({ restoredAt: toZonedInput(now, zone) }),
    commands: (values, world) => [
      { do: 'restore', what: values.what ?? '', restoredAt: instantOf(values.restoredAt, world) },
    ],
  },
  startFix: {
    fields: [{ name: 'plan', kind: 'text' }],
    initial: ({ ticket }) => ({ plan: fieldOf(ticket, 'fixPlan') }),
    commands: (values) => [{ do: 'startFix', plan: values.plan ?? '' }],
  },
  editCause: {
    fields: [
      { name: 'causeCode', kind: 'pick', options: CauseCode.options, words: 'causeCode' },
      { name: 'rootCause', kind: 'text' },
      { name: 'treatment', kind: 'text' },
    ],
    initial: ({ ticket }) => ({
      causeCode: fieldOf(ticket, 'causeCode'),
      rootCause: fieldOf(ticket, 'rootCause'),
      treatment: fieldOf(ticket, 'treatment') || (ticket.restored?.what ?? ''),
    }),
    commands: (values, { ticket }) =>
      (['causeCode', 'rootCause', 'treatment'] as const).map((field) =>
        edit(ticket, field, values[field] ?? ''),
      ),
  },
  confirm: {
    fields: [
      { name: 'method', kind: 'choice', options: ConfirmationMethod.options, words: 'method' },
      { name: 'name', kind: 'line' },
      { name: 'signature', kind: 'signature', isShown: (values) => values.method === 'signature' },
      { name: 'note', kind: 'text', isOptional: true },
    ],
    initial: ({ ticket }) => ({ method: 'signature', name: fieldOf(ticket, 'contactName') }),
    commands: (values) => {
      const method = ConfirmationMethod.catch('signature').parse(values.method);
      const signature = values.signature ?? '';
      return [
        {
          do: 'confirm',
          data: {
            method,
            name: values.name ?? '',
            ...textOf(values.note),
            ...(method === 'signature' && signature !== '' && { signature }),
          },
        },
      ];
    },
  },
  callBack: {
    fields: [
      { name: 'reached', kind: 'choice', options: ['yes', 'no'], words: 'yesNo' },
      { name: 'satisfaction', kind: 'rating', isShown: (values) => values.reached === 'yes' },
      { name: 'note', kind: 'text', isOptional: true },
    ],
    initial: () => ({ reached: 'yes' }),
    commands: (values) => {
      const reached = values.reached === 'yes';
      const satisfaction = Number(values.satisfaction ?? '');
      return [
        {
          do: 'callBack',
          data: { reached, ...(reached && satisfaction > 0 && { satisfaction }), ...textOf(values.note) },
        },
      ];
    },
  },
  close: { fields: [], initial: nothing, commands: () => [{ do: 'close' }] },
  review: {
    fields: [
      { name: 'report', kind: 'text' },
      { name: 'knowledge', kind: 'text' },
    ],
    initial: ({ ticket }) => ({ report: fieldOf(ticket, 'rootCause') }),
    commands: (values) => [{ do: 'review', report: values.report ?? '', knowledge: values.knowledge ?? '' }],
  },
  reopen: reasoned('reopen'),
  cancel: reasoned('cancel'),
  pause: {
    fields: [
      { name: 'reason', kind: 'pick', options: WaitingReason.options, words: 'waiting' },
      { name: 'evidence', kind: 'text' },
      {
        name: 'approvedBy',
        kind: 'manager',
        isShown: (_, world) => world.ticket.grade === 'P1' && !world.isManager,
      },
    ],
    initial: () => ({ reason: 'customer' }),
    commands: (values) => [
      {
        do: 'pause',
        reason: WaitingReason.catch('customer').parse(values.reason),
        evidence: values.evidence ?? '',
        ...((values.approvedBy ?? '') !== '' && { approvedBy: values.approvedBy }),
      },
    ],
  },
  share: {
    fields: [{ name: 'with', kind: 'target' }],
    initial: nothing,
    commands: (values) => [{ do: 'share', with: values.with ?? '' }],
  },
  unshare: {
    fields: [{ name: 'with', kind: 'sharedTarget' }],
    initial: ({ ticket }) => ({ with: ticket.sharedWith[0] ?? '' }),
    commands: (values) => [{ do: 'unshare', with: values.with ?? '' }],
  },
  consent: {
    fields: [
      { name: 'emergency', kind: 'tick', isShown: (_, world) => world.ticket.grade === 'P1' },
      { name: 'name', kind: 'line' },
      { name: 'systems', kind: 'text' },
      { name: 'until', kind: 'instant' },
      { name: 'reason', kind: 'text', isShown: (values) => values.emergency === 'yes' },
    ],
    initial: ({ ticket, now, zone, systems }) => ({
      name: fieldOf(ticket, 'contactName'),
      systems,
      until: toZonedInput(new Date(Date.parse(now) + CONSENT_MS).toISOString(), zone),
    }),
    commands: (values, world) => {
      const emergency = values.emergency === 'yes';
      return [
        {
          do: 'consent',
          data: {
            name: values.name ?? '',
            systems: values.systems ?? '',
            until: instantOf(values.until, world),
            emergency,
            ...(emergency && { reason: values.reason ?? '' }),
          },
        },
      ];
    },
  },
  note: {
    fields: [{ name: 'text', kind: 'text' }],
    initial: nothing,
    commands: (values) => [{ do: 'note', text: values.text ?? '' }],
  },
} satisfies Record<string, ActSpec>;

export type ActName = keyof typeof specs;
export const actSpecs: Readonly<Record<ActName, ActSpec>> = specs;

export function isAct(name: string): name is ActName {
  return Object.hasOwn(specs, name);
}

/** Fields that stand in the form now, by what has been filled in so far. */
export function shownFields(spec: ActSpec, values: Values, world: ActWorld): FieldSpec[] {
  return spec.fields.filter((field) => field.isShown?.(values, world) ?? true);
}

/** Fields that must not be empty and are; the domain has the last word on the rest. */
export function emptyFields(spec: ActSpec, values: Values, world: ActWorld): string[] {
  return shownFields(spec, values, world)
    .filter(
      (field) =>
        field.isOptional !== true && field.kind !== 'tick' && (values[field.name] ?? '').trim() === '',
    )
    .map((field) => field.name);
}

export const CHANNELS = Channel.options;
