import { Temporal } from 'temporal-polyfill';

/** An instant as a `datetime-local` field shows it: minutes, on the wall clock of a zone. */
export function toZonedInput(at: string, zone: string): string {
  return Temporal.Instant.from(at)
    .toZonedDateTimeISO(zone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'minute' });
}

/** The instant that a `datetime-local` field means in a zone, ISO in UTC; `undefined` while it is not a time. */
export function fromZonedInput(value: string, zone: string): string | undefined {
  try {
    return new Date(
      Temporal.PlainDateTime.from(value).toZonedDateTime(zone).toInstant().epochMilliseconds,
    ).toISOString();
  } catch (error) {
    // Half a date is what a field holds while somebody types.
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}
