import { formatLength } from '../../components/format-time.ts';

const MINUTE_MS = 60_000;

/** How long ago, in words: `12 min ago`, `just now`. */
export function tellAge(
  ms: number,
  language: string,
  t: (key: string, values?: Record<string, unknown>) => string,
): string {
  return ms < MINUTE_MS ? t('sync.justNow') : t('sync.age', { age: formatLength(ms, language) });
}
