import type { z } from 'zod';
import type { DomainEvent } from '../events/envelope.ts';
import { contractEvents } from './contract/events.ts';
import { directoryEvents } from './directory/events.ts';
import type { EventType } from './event-types.ts';
import { knowledgeEvents } from './knowledge/events.ts';
import { partEvents } from './part/events.ts';
import { ticketEvents } from './ticket/events.ts';

/** Every event type this version knows. */
export const eventTypes = {
  ...ticketEvents,
  ...partEvents,
  ...directoryEvents,
  ...contractEvents,
  ...knowledgeEvents,
} as const;

export type EventTypeName = keyof typeof eventTypes;
/** The data of one type of event. */
export type DataOf<T extends EventTypeName> = z.output<(typeof eventTypes)[T]['data']>;
/** An event whose type and data this version knows. */
export type KnownEvent = { [T in EventTypeName]: DomainEvent & { type: T; data: DataOf<T> } }[EventTypeName];

export type EventReading =
  | { readonly kind: 'known'; readonly event: KnownEvent }
  /** Of a newer version: kept verbatim, shown as "needs an update", folded by nobody. */
  | { readonly kind: 'newer' }
  | { readonly kind: 'malformed'; readonly reason: string };

/** What was read once: an event never changes, and every fold and every list of its keys asks again. */
const readings = new WeakMap<DomainEvent, EventReading>();

/** Reads the data of an event against the schema of its type. */
export function readEvent(event: DomainEvent): EventReading {
  let reading = readings.get(event);
  if (reading === undefined) {
    reading = read(event);
    readings.set(event, reading);
  }
  return reading;
}

function read(event: DomainEvent): EventReading {
  const type = lookUp(event.type);
  if (type === undefined || event.v > type.v) return { kind: 'newer' };
  const parsed = type.data.safeParse(event.data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return {
      kind: 'malformed',
      reason: `${event.type}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
    };
  }
  return { kind: 'known', event: { ...event, data: parsed.data } as KnownEvent };
}

/** The keys of all entities an event changes: its own stream first, then what its type names. */
export function touches(event: DomainEvent): string[] {
  const reading = readEvent(event);
  if (reading.kind !== 'known') return [event.stream];
  const more = lookUp(event.type)?.touches(reading.event.data) ?? [];
  return [...new Set([event.stream, ...more])];
}

function lookUp(name: string): EventType | undefined {
  return Object.hasOwn(eventTypes, name)
    ? (eventTypes as unknown as Record<string, EventType>)[name]
    : undefined;
}
