import { z } from 'zod';

/** What the engine remembers over a restart. Losing it costs a question to the server. */
export const SyncMemorySchema = z.object({
  /** Since when the office's revocation is known, by the wall clock. */
  revokedMs: z.number().optional(),
  metered: z.enum(['auto', 'on', 'off']).optional(),
});
