import type { DomainEvent } from '#shared/events/envelope.ts';
import { readEvent, type DataOf, type KnownEvent } from '#shared/domain/registry.ts';
import type { Teller } from './explain-clock.ts';
import { formatInstant, formatLength } from '../../components/format-time.ts';

/** What the timeline can be filtered by (T10). */
export const EVENT_KINDS = ['step', 'waiting', 'note', 'evidence', 'part', 'edit'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Something an event names by its hash and a person can look at. */
export type Attachment = Pick<
  DataOf<'ticket.evidenceAttached'>,
  'kind' | 'name' | 'sha256' | 'mediaType' | 'size' | 'source'
>;

/** A fact as the timeline tells it. */
export interface ToldEvent {
  readonly kind: EventKind;
  readonly sentence: string;
  /** What a person wrote, in his own words. */
  readonly words?: string | undefined;
  /** What is good to know beside it. */
  readonly aside?: string | undefined;
  readonly attachment?: Attachment | undefined;
}

export interface EventTeller extends Teller {
  /** The name of an entity by key in the reader's language, its id where none is known. */
  readonly nameOf: (key: string) => string;
}

/** Puts a fact into a sentence. */
export function tellEvent(event: DomainEvent, teller: EventTeller): ToldEvent {
  const { t } = teller;
  const reading = readEvent(event);
  if (reading.kind === 'newer') return { kind: 'step', sentence: t('ticket.event.newer'), aside: event.type };
  if (reading.kind === 'malformed') {
    return { kind: 'step', sentence: t('ticket.event.malformed'), aside: reading.reason };
  }
  return { kind: kindOf(event.type), ...tell(reading.event, teller) };
}

/** What kind of fact an event type is. */
export function kindOf(type: string): EventKind {
  if (type.startsWith('part.')) return 'part';
  switch (type) {
    case 'ticket.paused':
    case 'ticket.resumed':
      return 'waiting';
    case 'ticket.noted':
      return 'note';
    case 'ticket.evidenceAttached':
    case 'ticket.consented':
      return 'evidence';
    case 'ticket.edited':
      return 'edit';
    default:
      return 'step';
  }
}

function tell(event: KnownEvent, { t, language, zone, now, nameOf }: EventTeller): Omit<ToldEvent, 'kind'> {
  const at = (instant: string): string => formatInstant(Date.parse(instant), zone, language, now);
  const say = (params: Record<string, string> = {}): string => t(`ticket.event.${event.type}`, params);
  switch (event.type) {
    case 'ticket.opened':
      return {
        sentence: say({ channel: t(`ticket.channel.${event.data.channel}`) }),
        words: event.data.symptom,
        aside: t('ticket.event.occurred', { at: at(event.data.occurredAt) }),
      };
    case 'ticket.graded':
      return {
        sentence: say({
          grade: t(`ticket.grade.${event.data.grade}`),
          impact: t(`ticket.level.${event.data.impact}`),
          urgency: t(`ticket.level.${event.data.urgency}`),
        }),
        words: event.data.overrideReason,
      };
    case 'ticket.assigned':
      return {
        sentence: say({ to: nameOf(`user/${event.data.to}`), tier: t(`ticket.tier.${event.data.tier}`) }),
        words: event.data.note,
      };
    case 'ticket.declined':
    case 'ticket.reopened':
    case 'ticket.cancelled':
      return { sentence: say(), words: event.data.reason };
    case 'ticket.accepted':
    case 'ticket.diagnosisStarted':
    case 'ticket.verificationStarted':
    case 'ticket.closed':
    case 'ticket.resumed':
      return { sentence: say() };
    case 'ticket.recoveryStarted':
    case 'ticket.fixStarted':
      return { sentence: say(), words: event.data.plan };
    case 'ticket.restored':
      return { sentence: say({ at: at(event.data.restoredAt) }), words: event.data.what };
    case 'ticket.confirmed':
      return {
        sentence: say({ name: event.data.name, method: t(`ticket.method.${event.data.method}`) }),
        words: event.data.note,
        attachment:
          event.data.signature === undefined ? undefined : signature(event.data.signature, event.data.name),
      };
    case 'ticket.calledBack':
      return {
        sentence: event.data.reached
          ? say({ satisfaction: String(event.data.satisfaction ?? '–') })
          : t('ticket.event.notReached'),
        words: event.data.note,
      };
    case 'ticket.reviewed':
      return { sentence: say(), words: event.data.report, aside: event.data.knowledge };
    case 'ticket.paused':
      return {
        sentence: say({ reason: t(`ticket.waiting.${event.data.reason}`) }),
        words: event.data.evidence,
        aside:
          event.data.approvedBy === undefined
            ? undefined
            : t('ticket.event.approved', { name: nameOf(`user/${event.data.approvedBy}`) }),
      };
    case 'ticket.shared':
    case 'ticket.unshared':
      return { sentence: say({ with: nameOf(event.data.with) }) };
    case 'ticket.noted':
      return { sentence: say(), words: event.data.text };
    case 'ticket.edited': {
      const { field, value, settles } = event.data;
      const isSettling = (settles ?? []).length > 0;
      const key = isSettling ? 'ticket.event.settled' : value === '' ? 'ticket.event.emptied' : undefined;
      const params = { field: t(`ticket.field.${field}`) };
      return {
        sentence: key === undefined ? say(params) : t(key, params),
        words:
          field === 'causeCode' && value !== ''
            ? t(`ticket.causeCode.${value}`)
            : field === 'assetId'
              ? nameOf(`asset/${value}`)
              : value,
      };
    }
    case 'ticket.consented':
      return {
        sentence: event.data.emergency
          ? t('ticket.event.emergency', { until: at(event.data.until) })
          : say({ name: event.data.name, until: at(event.data.until) }),
        words: event.data.reason,
        aside: event.data.systems,
      };
    case 'ticket.evidenceAttached': {
      const { durationMs, host, path } = event.data.source ?? {};
      const aside = [host, path, durationMs === undefined ? undefined : formatLength(durationMs, language)];
      return {
        sentence: say({ kind: t(`ticket.evidence.${event.data.kind}`) }),
        words: event.data.note,
        aside: aside.filter((part) => part !== undefined).join(' · '),
        attachment: event.data,
      };
    }
    case 'part.received':
      return { sentence: say({ part: event.data.name, serial: event.data.serial }) };
    case 'part.moved':
      return { sentence: say({ part: nameOf(`unit/${event.data.unitId}`) }), words: event.data.reason };
    case 'part.taken':
    case 'part.returned':
      return { sentence: say({ part: nameOf(`unit/${event.data.unitId}`) }) };
    case 'part.swapped':
      return {
        sentence: say({
          slot: event.data.slotId,
          faulty: event.data.faulty.serial,
          good: event.data.good.serial,
        }),
        words: event.data.fault,
        aside: [event.data.good.name, event.data.overruled?.reason]
          .filter((part) => (part ?? '') !== '')
          .join(' · '),
      };
    case 'customer.registered':
    case 'customer.contactAdded':
    case 'site.registered':
    case 'asset.registered':
    case 'user.registered':
      return { sentence: say({ name: event.data.name }) };
    case 'site.documentAdded':
    case 'article.published':
      return { sentence: say({ name: event.data.title }) };
    case 'asset.baselineTaken':
      return { sentence: say({ name: event.data.label }) };
    case 'contract.registered':
      return { sentence: say({ name: event.data.number }) };
    case 'site.documentRemoved':
    case 'article.withdrawn':
      return { sentence: say(), words: event.data.reason };
  }
}

function signature(sha256: string, name: string): Attachment {
  return { kind: 'signature', name, sha256, mediaType: 'image/png', size: 0 };
}
