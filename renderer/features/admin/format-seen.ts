/** An instant as date and time, or a word for none. */
export function formatSeen(at: string | null, language: string, none: string): string {
  if (at === null) return none;
  return new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'short' }).format(new Date(at));
}
