import { Dexie } from 'dexie';

/** Every store of this origin begins so (see open-store.ts). */
const PREFIX = 'faultline-';

/**
 * Takes the cached pages of every workspace away: the device was revoked and its workspace wiped. Sealed
 * pages are worthless without their key, which went first; where there was no place for a key, this is what erases them.
 */
export async function deleteStores(): Promise<void> {
  for (const { name } of await indexedDB.databases())
    if (name?.startsWith(PREFIX) === true) await Dexie.delete(name);
}
