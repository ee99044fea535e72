import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { hasAccount, hasAccounts, saveAccount, type NewAccount } from './auth/accounts.ts';
import { LoginThrottle } from './auth/login-throttle.ts';
import { BlobStore, MAX_BLOB_BYTES } from './blobs/blob-store.ts';
import { ContentFiles } from './blobs/content-files.ts';
import type { ServerContext } from './context.ts';
import { DEMO_ACCOUNTS } from './demo-accounts.ts';
import { openData, readEpoch } from './open-data.ts';
import { buildApp } from './http/app.ts';
import { Bootstrap, BOOTSTRAP, type BootstrapLimits } from './sync/bootstrap.ts';
import { productDomain, type DomainPort } from './sync/domain.ts';
import { Pokes } from './sync/pokes.ts';
import { DOMAIN_FINGERPRINT, refoldIfDomainChanged } from './sync/refold-all.ts';

export interface ServerOptions {
  /** Folder of the embedded database and of attachments. With `databaseUrl` only of the attachments. */
  readonly data?: string;
  /** `postgres://…`: use this PostgreSQL instead of the embedded database. */
  readonly databaseUrl?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Default 127.0.0.1. Anything else belongs behind a proxy that speaks TLS. */
  readonly host?: string;
  /** Adds the demo accounts with their known password; loopback only. */
  readonly demo?: boolean;
  /** Life of a login in milliseconds; default 12 hours. */
  readonly tokenTtlMs?: number;
  /** Default `warn`; `silent` for tests. */
  readonly logLevel?: string;
  readonly domain?: DomainPort;
  /** Another text than at the last start makes the server fold all rows anew. */
  readonly domainFingerprint?: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly maxBlobBytes?: number;
  readonly bootstrap?: Partial<BootstrapLimits>;
}

export interface RunningServer {
  readonly url: string;
  readonly epoch: string;
  /** Whether an acknowledged push survives a loss of power. */
  readonly durable: boolean;
  /** The first administrator's password, when this start made the account. It is stored nowhere. */
  readonly adminPassword: string | undefined;
  addAccount(account: NewAccount): Promise<void>;
  close(): Promise<void>;
}

const DEFAULT_TTL_MS = 12 * 3_600_000;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Starts the central server and resolves when it answers.
 * @throws DataFolderLocked when another server uses the folder; RangeError when the options contradict each other.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const host = options.host ?? '127.0.0.1';
  if (options.demo === true && !LOOPBACK.has(host)) {
    throw new RangeError('The demo accounts have a known password: --demo listens on 127.0.0.1 only.');
  }
  const log = pino({
    level: options.logLevel ?? 'warn',
    redact: ['req.headers', 'headers', 'password', 'token'],
  });
  const onLost = (error: Error): void =>
    log.warn(`A database connection was lost and is opened anew: ${error.message}`);
  const { database, folder, close: closeData } = await openData({ ...options, onLost });
  try {
    const now = options.now ?? Date.now;
    const maxBlobBytes = options.maxBlobBytes ?? MAX_BLOB_BYTES;
    const attachments = new ContentFiles(join(folder, 'blobs'));
    const segments = new ContentFiles(join(folder, 'segments'));
    const context: ServerContext = {
      database,
      domain: options.domain ?? productDomain,
      blobs: new BlobStore(database, attachments, maxBlobBytes),
      bootstrap: new Bootstrap(database, segments, { ...BOOTSTRAP, ...options.bootstrap }, now),
      pokes: new Pokes(database, (error) => log.warn(`Other servers were not poked: ${String(error)}`)),
      throttle: new LoginThrottle(),
      epoch: await readEpoch(database),
      tokenTtlMs: options.tokenTtlMs ?? DEFAULT_TTL_MS,
      now,
    };
    await refoldIfDomainChanged(database, context.domain, options.domainFingerprint ?? DOMAIN_FINGERPRINT);
    const app = buildApp(context, log, maxBlobBytes);
    const adminPassword = await makeFirstAdmin(context);
    for (const account of options.demo === true ? DEMO_ACCOUNTS : []) {
      if (!(await hasAccount(database, 'main', account.id))) await saveAccount(database, account);
    }
    await app.listen({ port: options.port ?? 0, host });
    const { port } = app.server.address() as AddressInfo;
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
      epoch: context.epoch,
      durable: database.durable,
      adminPassword,
      addAccount: (account) => saveAccount(database, account),
      close: async () => {
        await app.close();
        context.pokes.stop();
        await closeData();
      },
    };
  } catch (error) {
    await closeData();
    throw error;
  }
}

/** A server that nobody can enter makes its administrator, with a password that is shown once. */
async function makeFirstAdmin({ database }: ServerContext): Promise<string | undefined> {
  if (await hasAccounts(database)) return undefined;
  const password = randomBytes(15).toString('base64url');
  await saveAccount(database, {
    id: 'admin',
    name: 'Administrator',
    roles: ['admin'],
    homeRegion: 'main',
    password,
  });
  return password;
}
