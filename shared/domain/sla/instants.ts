import { Temporal } from 'temporal-polyfill';
import { SlaError } from './sla-error.ts';

/** An instant as plain data: ISO 8601 with an offset or `Z`, or milliseconds since 1970-01-01 UTC. */
export type Instant = string | number;

/** A length of working time as plain data: ISO 8601 of hours, minutes and seconds (`PT4H30M`), or milliseconds. */
export type Target = string | number;

/** Milliseconds since 1970-01-01 UTC. Throws `invalidInstant` for text without an offset and for NaN. */
export function epochMs(instant: Instant): number {
  if (typeof instant === 'number') {
    if (Number.isFinite(instant)) return instant;
    throw new SlaError('invalidInstant', `${instant} is not an instant.`);
  }
  try {
    return Temporal.Instant.from(instant).epochMilliseconds;
  } catch {
    throw new SlaError(
      'invalidInstant',
      `"${instant}" is not an instant: ISO 8601 with an offset is expected.`,
    );
  }
}

/** The instant as ISO 8601 with the offset that the zone has then, to the second where the milliseconds are zero. */
export function isoInZone(at: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ timeZone: zone });
}

// A policy has a few dozen targets, asked for by every clock of every ticket.
const parsedTargets = new Map<string, number>();

/**
 * Milliseconds of a target. Throws `invalidTarget` for a negative one and for
 * days, weeks and months: a working day has no length that all calendars share.
 */
export function targetMs(target: Target): number {
  if (typeof target === 'number') {
    if (Number.isFinite(target) && target >= 0) return target;
    throw new SlaError('invalidTarget', `${target} is not a length of time.`);
  }
  const known = parsedTargets.get(target);
  if (known !== undefined) return known;
  const parsed = parseTarget(target);
  if (parsed === undefined) {
    throw new SlaError(
      'invalidTarget',
      `"${target}" is not a target: hours, minutes and seconds such as PT4H30M are expected.`,
    );
  }
  parsedTargets.set(target, parsed);
  return parsed;
}

/** Whether the text is a target in the sense of {@link targetMs}. */
export function isTarget(text: string): boolean {
  return parseTarget(text) !== undefined;
}

function parseTarget(text: string): number | undefined {
  if (!/^PT(?=\d)(\d+H)?(\d+M)?(\d+S)?$/.test(text)) return undefined;
  return Temporal.Duration.from(text).total('milliseconds');
}
