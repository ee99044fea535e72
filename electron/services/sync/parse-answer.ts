import type { z } from 'zod';
import { type PullLine, PullLineSchema } from '#shared/sync/protocol.ts';
import { badAnswer, captivePortal, cutOff } from './sync-error.ts';

const KNOWN_LINES: ReadonlySet<unknown> = new Set(
  PullLineSchema.options.map((option) => option.shape.k.value),
);

/**
 * @param what was asked, for the sentence.
 * @throws SyncError `sync.captivePortal` for a web page that does not say it is one, `sync.badAnswer` for what was not agreed.
 */
export function parseAnswer<S extends z.ZodType>(text: string, schema: S, what: string): z.output<S> {
  if (text.trimStart().startsWith('<')) throw captivePortal({ status: 200 });
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Not JSON or not what was agreed: either way not an answer to build on.
    throw badAnswer(what);
  }
}

/** `undefined`: a newer server has more to say than this version understands. */
export function parseLine(text: string): PullLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (text.trimStart().startsWith('<')) throw captivePortal({ status: 200 });
    // A line that ends in the middle.
    throw cutOff();
  }
  const kind = typeof value === 'object' && value !== null && 'k' in value ? value.k : undefined;
  if (typeof kind === 'string' && !KNOWN_LINES.has(kind)) return undefined;
  const parsed = PullLineSchema.safeParse(value);
  if (!parsed.success) throw badAnswer('pull line');
  return parsed.data;
}
