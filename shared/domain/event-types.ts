import { z } from 'zod';

/**
 * The table of all event types: per type its version, the schema of its data,
 * and which entities it touches. An event lives in one stream and folds into
 * every entity it touches (a swap changes a ticket, two units, an asset and an
 * RMA line at once). Entities are keyed `<noun>/<id>`.
 */
export interface EventType<S extends z.ZodType = z.ZodType> {
  readonly v: number;
  readonly data: S;
  /** Keys of the entities besides the stream's own that the event changes. */
  readonly touches: (data: z.output<S>) => readonly string[];
}

export function eventType<S extends z.ZodType>(
  v: number,
  data: S,
  touches: (data: z.output<S>) => readonly string[] = () => [],
): EventType<S> {
  return { v, data, touches };
}
