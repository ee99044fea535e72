import { openStore, type CacheKey, type OpenStore, type StoreClient } from '#renderer/db/open-store.ts';

/** A page with nothing but the store on it, for tests in a real browser. */
declare global {
  interface Window {
    /** Closes the store that was opened before: two on one database wait for each other. */
    openStore(name: string, key: CacheKey): Promise<StoreClient>;
  }
}

let last: OpenStore | undefined;
window.openStore = async (name, key) => {
  last?.close();
  last = await openStore(name, Promise.resolve(key));
  return last.client;
};
document.body.dataset['ready'] = 'true';
