import type { LoginThrottle } from './auth/login-throttle.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import type { Database } from './db/database.ts';
import type { Bootstrap } from './sync/bootstrap.ts';
import type { DomainPort } from './sync/domain.ts';
import type { Pokes } from './sync/pokes.ts';

/** What the routes work with: made once at start, handed down, never global. */
export interface ServerContext {
  readonly database: Database;
  readonly domain: DomainPort;
  readonly blobs: BlobStore;
  readonly bootstrap: Bootstrap;
  readonly pokes: Pokes;
  readonly throttle: LoginThrottle;
  readonly epoch: string;
  readonly tokenTtlMs: number;
  /** Milliseconds since 1970 by the server's clock. */
  readonly now: () => number;
}
