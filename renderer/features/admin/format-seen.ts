import { deviceZone, formatInstant } from '../../components/format-time.ts';
import { presentMs } from '../../components/present-time.ts';

/** An instant as date and time, or a word for none. */
export function formatSeen(at: string | null, language: string, none: string): string {
  return at === null ? none : formatInstant(Date.parse(at), deviceZone(), language, presentMs());
}
