import type { Migration } from '../migrate.ts';

/** What was purged is told to each laptop that starts anew, and is little beside all that was ever shared. */
export const deleted: Migration = {
  id: '0010-deleted',
  sql: `
CREATE INDEX deliveries_deleted ON deliveries (tenant, scope, stream, n) WHERE kind = 'deleted';
`,
};
