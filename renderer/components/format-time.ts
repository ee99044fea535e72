const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;

/** Below this the seconds are shown: somebody is watching them. */
export const SECONDS_BELOW_MS = 10 * MINUTE;
/** From here on days say more than hours. */
const DAYS_FROM_MS = 48 * HOUR;
/** The same for a length in a sentence, and years more than days: a clock of 1970 is 56 years slow. */
const LONG_DAYS_FROM_MS = 3 * DAY;
const YEARS_FROM_MS = 2 * YEAR;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format costs more than using it a thousand times. */
function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}|${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(localeOf(language), { hourCycle: 'h23', ...options });
    formats.set(key, found);
  }
  return found;
}

/** Day before month and a 24-hour clock in English too: the papers of the trade are written so. */
function localeOf(language: string): string {
  return language === 'en' ? 'en-GB' : language;
}

function count(language: string, value: number, unit: string, unitDisplay: 'long' | 'short'): string {
  return new Intl.NumberFormat(localeOf(language), { style: 'unit', unit, unitDisplay }).format(value);
}

/** What is left of a promise: `03:10`, `00:04:32` near the end, `3 days` far from it; `−` when it is over. */
export function formatRemaining(ms: number, language: string): string {
  const sign = ms < 0 ? '−' : '';
  const left = Math.abs(ms);
  if (left >= DAYS_FROM_MS) return sign + count(language, Math.floor(left / DAY), 'day', 'long');
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const clock = `${sign}${two(left / HOUR)}:${two((left % HOUR) / MINUTE)}`;
  return left < SECONDS_BELOW_MS ? `${clock}:${two((left % MINUTE) / 1000)}` : clock;
}

/** A length of time in a sentence: `1 h 30 min`, `9 days`, `57 years`. Shorter than a minute counts as less than one. */
export function formatLength(ms: number, language: string): string {
  const length = Math.abs(ms);
  if (length >= YEARS_FROM_MS) return count(language, Math.round(length / YEAR), 'year', 'long');
  if (length >= LONG_DAYS_FROM_MS) return count(language, Math.round(length / DAY), 'day', 'long');
  const minutes = Math.round(length / MINUTE);
  const hours = Math.floor(minutes / 60);
  const parts: string[] = [];
  if (hours > 0) parts.push(count(language, hours, 'hour', 'short'));
  if (minutes % 60 > 0 || hours === 0) parts.push(count(language, minutes % 60, 'minute', 'short'));
  return parts.join(' ');
}

/** How long something still takes: in seconds below a minute, then as {@link formatLength}. */
export function formatWait(ms: number, language: string): string {
  return ms < MINUTE
    ? count(language, Math.max(1, Math.ceil(ms / 1000)), 'second', 'short')
    : formatLength(ms, language);
}

/** The calendar day of an instant in a zone, as `2026-03-01`. */
export function dayOf(at: number, zone: string): string {
  return format('sv', { timeZone: zone, dateStyle: 'short' }).format(at);
}

/** `08:12` within the present day, `3 Mar, 08:12` beyond it, with the year where it is another one. */
export function formatInstant(at: number, zone: string, language: string, now: number): string {
  const day = dayOf(at, zone);
  const today = dayOf(now, zone);
  if (day === today) return formatClock(at, zone, language);
  const isThisYear = day.slice(0, 4) === today.slice(0, 4);
  return format(language, {
    timeZone: zone,
    ...(!isThisYear && { year: 'numeric' }),
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).format(at);
}

/** `08:12` in a zone. */
export function formatClock(at: number, zone: string, language: string): string {
  return format(language, { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(at);
}

/** A day as a heading: with the weekday, with the year where it is another one. */
export function formatDay(at: number, zone: string, language: string, now: number): string {
  const isThisYear = dayOf(at, zone).slice(0, 4) === dayOf(now, zone).slice(0, 4);
  return format(language, {
    timeZone: zone,
    ...(!isThisYear && { year: 'numeric' }),
    month: 'long',
    day: 'numeric',
    weekday: 'short',
  }).format(at);
}

/** The whole instant with its zone; with the reader's own beside it where the two differ (S8). */
export function formatFull(at: number, zone: string, ownZone: string, language: string): string {
  const whole = (timeZone: string): string =>
    format(language, { timeZone, dateStyle: 'long', timeStyle: 'long' }).format(at);
  return zone === ownZone ? whole(zone) : `${whole(zone)} · ${whole(ownZone)}`;
}

/** The zone this computer is in. */
export function deviceZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
