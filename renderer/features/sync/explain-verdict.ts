import type { Verdict } from '#shared/sync/protocol.ts';

type Told = { readonly code?: string | undefined; readonly detail?: string | null | undefined };

/**
 * Why the server did not take a fact. What it found in the fact itself stands in its own words; a code that a newer
 * server has made up stands as it is.
 */
export function explainVerdict(
  { code, detail }: Told | Verdict,
  t: (key: string, values?: Record<string, unknown>) => string,
): string {
  if (code === undefined) return '';
  const name = code.split('.').at(-1) ?? code;
  const reason = t(`sync.verdict.${name}`, { defaultValue: detail ?? code });
  const isAboutTheFact = name === 'malformed' && typeof detail === 'string' && detail !== '';
  return isAboutTheFact ? `${reason} ${t('sync.serverSays', { detail })}` : reason;
}
