import type { ZodError } from 'zod';
import { Role } from '#shared/domain/directory/events.ts';

/** By the parameter that does not fit. The command line has flags of nearly the same names. */
const SENTENCES: Readonly<Record<string, string>> = {
  tenant: 'A tenant has 1 to 40 small letters, digits and "-".',
  id: 'A name to log in with has 1 to 60 letters, digits, ".", "_" and "-".',
  name: 'A full name has 1 to 80 characters.',
  password: 'A password has 10 to 1,000 characters.',
  roles: `A role is one of ${Role.options.join(', ')}.`,
  homeRegion: 'A region has 1 to 40 small letters, digits and "-".',
  reason: 'A reason has 1 to 500 characters.',
  stream: 'A stream is a noun and an id, such as ticket/0199a1f2-….',
};

/** What does not fit, as sentences for whoever typed it: each once. */
export function explainParameters({ issues }: ZodError): string {
  const told = issues.map(
    ({ path, message }) => SENTENCES[String(path[0])] ?? `${path.join('.')}: ${message}`,
  );
  return `${[...new Set(told)].join('\n')}\nNothing was changed.`;
}
