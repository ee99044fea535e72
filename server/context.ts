import type { OidcSettings } from './auth/oidc/oidc-config.ts';
import type { UnnamedLimits } from './blobs/blob-rights.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import type { Database } from './db/database.ts';
import type { RateLimits } from './http/rate-limits.ts';
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
  readonly epoch: string;
  /** Life of the one token of a laptop without a key. */
  readonly tokenTtlMs: number;
  /** Life of an access token that can be refreshed; default `ACCESS_TTL_MS`. */
  readonly accessTtlMs?: number;
  /** The provider that users may sign in with beside their password. */
  readonly oidc?: OidcSettings;
  /** The address that laptops and browsers reach this server by, without a slash at its end. Known once it listens. */
  readonly publicUrl?: () => string;
  /** Missing: requests are not counted. */
  readonly rateLimits?: RateLimits;
  /** How much may lie here that no fact names; default `UNNAMED_LIMITS`. */
  readonly unnamed?: Partial<UnnamedLimits>;
  /** Milliseconds since 1970 by the server's clock. */
  readonly now: () => number;
}
