import { z } from 'zod';
import { PLANTS } from './plants.ts';
import { type Script, TURNS, type TurnKind } from './script.ts';

const RegressionSchema = z.object({
  title: z.string(),
  /** The mistake that this script shows; without it, and with `null`, the script has to pass. */
  plant: z.enum(PLANTS).nullable(),
  seed: z.number().int(),
  clients: z.number().int().positive(),
  turns: z.array(
    z.object({
      n: z.number().int(),
      ms: z.number(),
      who: z.number().int(),
      what: z.enum(Object.keys(TURNS) as [TurnKind, ...TurnKind[]]),
      calm: z.literal(true).optional(),
    }),
  ),
});

/** A small script that once failed, kept so that it never does again. */
export type Regression = Script & Pick<z.output<typeof RegressionSchema>, 'title' | 'plant'>;

/** @throws ZodError when the text is no such script. */
export function readRegression(text: string): Regression {
  return RegressionSchema.parse(JSON.parse(text)) as Regression;
}
