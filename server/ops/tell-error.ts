import { ZodError } from 'zod';

/** What the system says in a word, for whoever has to do something about it. */
const SYSTEM: Readonly<
  Record<string, (error: NodeJS.ErrnoException & { address?: string; port?: number }) => string>
> = {
  ENOENT: ({ path }) => `There is no file or folder ${path}.`,
  EACCES: ({ path }) => `The user of this program may not use ${path}.`,
  EISDIR: ({ path }) => `${path ?? 'What was named'} is a folder, not a file.`,
  ENOTDIR: ({ path }) => `${path} does not lie in a folder: a part of its name is a file.`,
  EEXIST: ({ path }) => `${path} is there already, and is not what is needed there.`,
  ENOSPC: () => 'The disk is full. Make room and do it again.',
  EROFS: ({ path }) => `${path} lies on a disk that cannot be written to.`,
  ECONNREFUSED: ({ address, port }) =>
    `Nothing answers at ${address}:${port}. Does PostgreSQL run there, and is --database-url right?`,
  ENOTFOUND: (error) =>
    `The name ${(error as { hostname?: string }).hostname} is not known in this network. Is --database-url right?`,
  ERR_PARSE_ARGS_UNKNOWN_OPTION: ({ message }) => `${upToAdvice(message)}. --help shows what there is.`,
  ERR_PARSE_ARGS_INVALID_OPTION_VALUE: ({ message }) =>
    `${upToAdvice(message)}. --help shows how it is used.`,
};

/** An error as a sentence for the person at the command line. What nobody foresaw keeps its own words. */
export function tellError(error: unknown): string {
  if (error instanceof ZodError)
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
  if (!(error instanceof Error)) return String(error);
  const { code = '' } = error as NodeJS.ErrnoException;
  // What PostgreSQL's client tries at several addresses comes as one error of many.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return SYSTEM[code]?.((first instanceof Error ? first : error) as NodeJS.ErrnoException) ?? error.message;
}

/** Node adds how to say it otherwise, which nobody wants here. */
function upToAdvice(message: string): string {
  return message.split(/\. To specify|\n/)[0]?.replace(/\.$/, '') ?? message;
}
