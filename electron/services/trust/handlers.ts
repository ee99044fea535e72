import type { ServiceHandlers } from '#shared/host/define.ts';
import type { syncService } from '#shared/host/sync.ts';
import type { Authorities } from './authorities.ts';

/** Private authorities as screens see them. */
export function createTrustHandlers(
  authorities: Authorities,
  onChanged: () => void,
): Pick<ServiceHandlers<typeof syncService>, 'trustedCas' | 'addCa' | 'removeCa'> {
  return {
    trustedCas: async () => ({ cas: authorities.list() }),
    addCa: async ({ pem }) => {
      const added = await authorities.add(pem);
      onChanged();
      return added;
    },
    removeCa: async ({ fingerprint }) => {
      await authorities.remove(fingerprint);
      onChanged();
      return {};
    },
  };
}
