import type { Moment, RecordLanguage } from '#shared/domain/report/service-record.ts';

/** How instants, sizes and hashes are written on one paper. */
export interface PaperFormat {
  /** The zone the times are in: the site's, or UTC where that is unknown. */
  readonly zone: string;
  readonly isZoneKnown: boolean;
  /** Offset of the zone when the paper was made, `UTC+08:00`. */
  readonly offset: string;
  /** To the minute, in the zone; with its offset where summer time changed it, and with the device's own time where that differs (S8). */
  moment(moment: Moment): string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** English alone writes `22 Nov 2026, 14:05`; Chinese and both write `2026-11-22 14:05`. */
export function paperFormat(siteZone: string, generatedAt: Moment, language: RecordLanguage): PaperFormat {
  const site = zoneClock(siteZone);
  const clock = site ?? utc;
  const usual = clock(generatedAt.at).offset;
  const write = (time: ClockTime): string =>
    `${writeDate(time, language)}${language === 'en' ? ', ' : ' '}${time.time}`;
  return {
    zone: site === undefined ? 'UTC' : siteZone,
    isZoneKnown: site !== undefined,
    offset: usual,
    moment({ at, zone }) {
      const here = clock(at);
      const there = zoneClock(zone)?.(at) ?? here;
      const shown = here.offset === usual ? write(here) : `${write(here)} ${here.offset}`;
      if (there.offset === here.offset) return shown;
      const own = there.date === here.date ? there.time : write(there);
      return `${shown} (${own} ${there.offset})`;
    },
  };
}

interface ClockTime {
  /** `2026-11-22` */
  readonly date: string;
  /** `14:05` */
  readonly time: string;
  /** `UTC+08:00` */
  readonly offset: string;
}

type ZoneClock = (at: string) => ClockTime;

const clocks = new Map<string, ZoneClock | undefined>();
const utc: ZoneClock = makeClock('UTC');

/** `undefined` for a zone the runtime does not know. */
function zoneClock(zone: string): ZoneClock | undefined {
  if (clocks.has(zone)) return clocks.get(zone);
  let clock: ZoneClock | undefined;
  try {
    clock = makeClock(zone);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  // Zones come from records; a hostile stream of invented names must not fill the memory.
  if (clocks.size > 600) clocks.clear();
  clocks.set(zone, clock);
  return clock;
}

function makeClock(zone: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'longOffset',
  });
  return (at) => {
    const parts = Object.fromEntries(
      format.formatToParts(new Date(at)).map(({ type, value }) => [type, value]),
    );
    const offset = (parts.timeZoneName ?? 'GMT').replace('GMT', 'UTC');
    return {
      date: `${parts.year}-${parts.month}-${parts.day}`,
      time: `${parts.hour}:${parts.minute}`,
      offset: offset === 'UTC' ? 'UTC+00:00' : offset,
    };
  };
}

function writeDate({ date }: ClockTime, language: RecordLanguage): string {
  if (language !== 'en') return date;
  const [year = '', month = '1', day = '1'] = date.split('-');
  return `${Number(day)} ${MONTHS[Number(month) - 1] ?? month} ${year}`;
}

/** Bytes as `512 B`, `1.4 kB`, `2.1 GB` (powers of 1,000). */
export function writeSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
