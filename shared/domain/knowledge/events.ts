import { z } from 'zod';
import { eventType } from '../event-types.ts';

/** What was learned, for the next one who meets it. */
export const knowledgeEvents = {
  /** Stream `article/<id>`. Publishing again replaces the text; `version` tells readers that it did. */
  'article.published': eventType(
    1,
    z.object({
      title: z.string().min(1).max(200),
      titleEn: z.string().max(200).optional(),
      body: z.string().max(100_000),
      bodyEn: z.string().max(100_000).optional(),
      /** Models it is about; empty for all. */
      models: z.array(z.string().max(80)).max(200),
      version: z.number().int().positive(),
    }),
  ),
  'article.withdrawn': eventType(1, z.object({ reason: z.string().trim().min(1).max(2000) })),
} as const;
