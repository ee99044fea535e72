import { config } from 'zod';

/**
 * Imported before anything with a schema: zod would otherwise try `new Function` to see whether it may,
 * and the policy of the page reports every try as a violation, also one that is caught.
 */
config({ jitless: true });
