import { namedBlobsIn } from '#shared/events/named-blobs.ts';
import type { CentralServer } from './central-server.ts';
import type { Truth } from './truth.ts';

/**
 * SIM1: what an accepted fact names as attached is on the server, with the bytes that its name says.
 * @param quarantined hashes of those that stand in the encrypted files of wiped laptops.
 */
export async function checkBlobs(
  truth: Truth,
  server: CentralServer,
  quarantined: ReadonlySet<string>,
): Promise<string[]> {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { event } of truth.events)
    for (const { sha256, isAttachment } of namedBlobsIn(event)) {
      if (!isAttachment || seen.has(sha256)) continue;
      seen.add(sha256);
      const there = await server.contentOf(sha256);
      if (there === undefined && quarantined.has(sha256)) continue;
      if (there === undefined) faults.push(`SIM1 the attachment ${sha256} of ${event.id} is missing`);
      else if (there.sha256 !== sha256 || there.size !== event.data['size'])
        faults.push(`SIM1 the attachment ${sha256} of ${event.id} has other bytes`);
    }
  return faults;
}
