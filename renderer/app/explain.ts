import i18next from 'i18next';
import type { Refusal } from '#shared/domain/refusal.ts';
import { errorCode } from '#shared/host/errors.ts';

/** Which part of the texts speaks for the errors of an area; the rest stands in `error.*`. */
const PLACES: Readonly<Record<string, string>> = {
  ssh: 'terminal.error',
  log: 'log.error',
  documents: 'document.error',
  logs: 'log.error',
  ticket: 'ticket.refusal',
  part: 'part.refusal',
  directory: 'site.refusal',
};

function keyOf(code: string): string {
  const [area = '', name = ''] = code.split('.');
  const place = PLACES[area];
  return place === undefined ? `error.${area}.${name}` : `${place}.${name}`;
}

/** What an error means, in the reader's language: what happened, what it means for the work, what can be done. */
export function explainError(thrown: unknown): string {
  const code = errorCode(thrown);
  if (code === undefined) return i18next.t('error.unknown');
  const detail = (thrown as { detail?: Record<string, unknown> }).detail ?? {};
  const key = keyOf(code);
  // A code without a text of ours still has the host's English sentence.
  return i18next.exists(key)
    ? i18next.t(key, { ...detail })
    : `${i18next.t('error.unknown')} (${(thrown as Error).message})`;
}

/** Why a command is not possible now. */
export function explainRefusal(refusal: Refusal): string {
  return i18next.t(keyOf(refusal.code), { ...refusal.params });
}
