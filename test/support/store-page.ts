import { openStore, type CacheKey, type StoreClient } from '#renderer/db/open-store.ts';

/** A page with nothing but the store on it, for tests in a real browser. */
declare global {
  interface Window {
    openStore(name: string, key: CacheKey): Promise<StoreClient>;
  }
}

window.openStore = (name, key) => openStore(name, Promise.resolve(key));
document.body.dataset['ready'] = 'true';
