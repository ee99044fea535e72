import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:https';
import type { FastifyInstance } from 'fastify';
import type { DestinationStream, Logger } from 'pino';
import { saveAccount, type NewAccount } from './auth/accounts.ts';
import { makeFirstAdminLink } from './auth/first-admin.ts';
import { OidcConfigSchema, type OidcConfig } from './auth/oidc/oidc-config.ts';
import type { UnnamedLimits } from './blobs/blob-rights.ts';
import { BlobStore, MAX_BLOB_BYTES } from './blobs/blob-store.ts';
import { StorageFailure } from './blobs/storage-failure.ts';
import type { Storage } from './blobs/storage.ts';
import type { ServerContext } from './context.ts';
import { makeDemo } from './demo-accounts.ts';
import { Uploads } from './blobs/uploads.ts';
import type { UploadLimits } from './blobs/upload-table.ts';
import { openData, readEpoch } from './open-data.ts';
import { buildApp } from './http/app.ts';
import { RATE_LIMITS, type RateLimits } from './http/rate-limits.ts';
import { healthRoutes } from './http/health-routes.ts';
import { uploadRoutes } from './http/upload-routes.ts';
import { openControl } from './ops/control.ts';
import { runOperation } from './ops/operations.ts';
import { checkListener, isLoopback, readTlsPair, reloadTls, type ListenerOptions } from './ops/listener.ts';
import { openLog } from './ops/log.ts';
import { Metrics } from './ops/metrics.ts';
import { readReadiness, StorageWatch } from './ops/readiness.ts';
import { sweepSegments } from './ops/sweep-segments.ts';
import { Bootstrap, BOOTSTRAP, type BootstrapLimits } from './sync/bootstrap.ts';
import { productDomain, type DomainPort } from './sync/domain.ts';
import { Pokes } from './sync/pokes.ts';
import { DOMAIN_FINGERPRINT, refoldIfDomainChanged } from './sync/refold-all.ts';
import { shareRecordsOnce } from './sync/share-records-once.ts';

export interface ServerOptions extends ListenerOptions {
  /** Folder of the embedded database and of attachments. With `databaseUrl` only of the attachments. */
  readonly data?: string;
  /** `postgres://…`: use this PostgreSQL instead of the embedded database. */
  readonly databaseUrl?: string;
  /** `s3://bucket/prefix`: attachments, segments and uploads lie in that bucket; the environment opens it. */
  readonly blobs?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Adds the demo accounts with their known password; loopback only. */
  readonly demo?: boolean;
  /** Life in milliseconds of the login of a laptop that has no key; default 12 hours. */
  readonly tokenTtlMs?: number;
  /** Life in milliseconds of an access token that can be refreshed; default 15 minutes. */
  readonly accessTtlMs?: number;
  /** The OpenID Connect provider that users may sign in with beside their password. */
  readonly oidc?: OidcConfig;
  /** The address by which laptops and browsers reach this server, e.g. `https://faultline.example`; default the one it listens on. */
  readonly publicUrl?: string;
  /** Requests in a minute; default `RATE_LIMITS`. */
  readonly rateLimits?: Partial<RateLimits>;
  /** Default `warn`; `silent` for tests. */
  readonly logLevel?: string;
  /** Where log lines go; default the standard output. */
  readonly logTo?: DestinationStream;
  /** Opens `/metrics` for other machines. */
  readonly metricsToken?: string;
  readonly domain?: DomainPort;
  /** Another text than at the last start makes the server fold all rows anew. */
  readonly domainFingerprint?: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly maxBlobBytes?: number;
  readonly uploads?: Partial<UploadLimits>;
  /** How much may lie here that no fact names, and for how long; default `UNNAMED_LIMITS`. */
  readonly unnamed?: Partial<UnnamedLimits>;
  readonly bootstrap?: Partial<BootstrapLimits>;
}

export interface RunningServer {
  readonly url: string;
  readonly epoch: string;
  /** Whether an acknowledged push survives a loss of power. */
  readonly durable: boolean;
  /** Where the first administrator is made, once, when nobody can log in yet. The link itself is the secret. */
  readonly firstAdminUrl: string | undefined;
  addAccount(account: NewAccount): Promise<void>;
  /** Reads certificate and key again. @throws RangeError when they do not fit; the old ones stay in use then. */
  reloadTls(): Promise<void>;
  /** Takes no more requests, finishes those that run, and gives the data free. */
  close(): Promise<void>;
}

const DEFAULT_TTL_MS = 12 * 3_600_000;
/** A request that still runs so long after the stop is cut off: uploads go on later from where they are. */
const STOP_GRACE_MS = 10_000;
const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program. Stop that one, or choose another --port.',
  EACCES: 'may not be opened by this user. Choose a --port above 1023, or put a proxy in front.',
  EADDRNOTAVAIL: 'is no address of this machine. Choose another --host.',
};

/**
 * Starts the central server and resolves when it answers.
 * @throws DataFolderLocked when another server uses the folder; RangeError when the options contradict each other.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const host = options.host ?? '127.0.0.1';
  if (options.demo === true && !isLoopback(host)) {
    throw new RangeError('The demo accounts have a known password: --demo listens on 127.0.0.1 only.');
  }
  checkListener(options);
  const tls = await readTlsPair(options);
  const log = openLog(options.logLevel ?? 'warn', options.logTo);
  const onLost = (error: Error): void =>
    log.warn({ err: error }, 'A database connection was lost and is opened anew.');
  const { database, folder, storage, close: closeData } = await openData({ ...options, onLost });
  const undo = [closeData];
  try {
    const now = options.now ?? Date.now;
    let publicUrl = '';
    const maxBlobBytes = options.maxBlobBytes ?? MAX_BLOB_BYTES;
    await tryStorage(storage, log);
    const storageWatch = new StorageWatch(storage);
    const context: ServerContext = {
      database,
      domain: options.domain ?? productDomain,
      blobs: new BlobStore(database, storage.attachments, maxBlobBytes),
      bootstrap: new Bootstrap(database, storage.segments, { ...BOOTSTRAP, ...options.bootstrap }, now),
      pokes: new Pokes(database, (error) => log.warn({ err: error }, 'Other servers were not poked.')),
      epoch: await readEpoch(database),
      tokenTtlMs: options.tokenTtlMs ?? DEFAULT_TTL_MS,
      ...(options.accessTtlMs === undefined ? {} : { accessTtlMs: options.accessTtlMs }),
      ...(options.oidc === undefined ? {} : { oidc: OidcConfigSchema.parse(options.oidc) }),
      publicUrl: () => publicUrl,
      rateLimits: { ...RATE_LIMITS, ...options.rateLimits },
      unnamed: options.unnamed ?? {},
      now,
    };
    await refoldIfDomainChanged(database, context.domain, options.domainFingerprint ?? DOMAIN_FINGERPRINT);
    await shareRecordsOnce(database, context.domain);
    const uploads = new Uploads({
      database,
      blobs: context.blobs,
      bytes: storage.uploads,
      maxBytes: maxBlobBytes,
      now,
      ...(options.uploads === undefined ? {} : { limits: options.uploads }),
      unnamed: options.unnamed,
      dropDrafts: (beforeMs) => storage.dropDrafts(beforeMs),
      onCleaningFailed: (error) => log.warn({ err: error }, 'Abandoned uploads were not removed.'),
    });
    undo.push(async () => {
      uploads.stop();
      context.pokes.stop();
    });
    const stopSweeping = sweepSegments(database, storage.segments, (error) =>
      log.warn({ err: error }, 'Segments that nobody needs any more were not removed.'),
    );
    const isStorageUp = async (): Promise<boolean> => (await storageWatch.state()) === 'ok';
    const metrics = new Metrics({ database, folder, uploads, storage, isStorageUp });
    const app = buildApp(context, log, maxBlobBytes, {
      tls,
      trustedProxies: options.trustedProxies,
      metrics,
      routes: [
        healthRoutes({
          metrics,
          readiness: () => readReadiness(database, folder, context.epoch, storageWatch),
          ...(options.metricsToken === undefined ? {} : { metricsToken: options.metricsToken }),
        }),
        uploadRoutes(context, uploads, maxBlobBytes),
      ],
    });
    const firstAdminPath = await makeFirstAdminLink(context);
    if (options.demo === true) await makeDemo(database);
    undo.push(() => app.close());
    await listen(app, options.port ?? 0, host);
    const { port } = app.server.address() as AddressInfo;
    // PostgreSQL can be opened beside this process; the embedded database cannot.
    const control =
      options.databaseUrl === undefined
        ? await openControl(folder, (name, parameters) =>
            runOperation({ context, storage }, name, parameters),
          )
        : undefined;
    const certificate =
      tls === undefined
        ? undefined
        : reloadTls(app.server as unknown as TlsServer, options, (error) =>
            log.error({ err: error }, 'The renewed certificate cannot be used; the old one stays in use.'),
          );
    const url = `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
    publicUrl = (options.publicUrl ?? url).replace(/\/+$/, '');
    return {
      url,
      epoch: context.epoch,
      durable: database.durable,
      firstAdminUrl: firstAdminPath === undefined ? undefined : `${publicUrl}${firstAdminPath}`,
      addAccount: (account) => saveAccount(database, account),
      reloadTls: async () => certificate?.reload(),
      close: async () => {
        certificate?.stop();
        await control?.stop();
        stopSweeping();
        await stop(app);
        context.pokes.stop();
        await closeData();
      },
    };
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}

/** @throws RangeError with what can be done when the port is not to be had. */
async function listen(app: FastifyInstance, port: number, host: string): Promise<void> {
  try {
    await app.listen({ port, host });
  } catch (error) {
    const says = LISTEN_FAULTS[(error as NodeJS.ErrnoException).code ?? ''];
    if (says === undefined) throw error;
    throw new RangeError(`${host}:${port} ${says}`, { cause: error });
  }
}

/**
 * A store that is wrong is told before anybody relies on it. One that is away for now keeps nobody from handing in facts: then the
 * server starts, and says so at /readyz and in its metrics.
 */
async function tryStorage(storage: Storage, log: Logger): Promise<void> {
  try {
    await storage.probe(true);
  } catch (error) {
    if (!(error instanceof StorageFailure) || !error.isPassing) throw error;
    log.warn({ err: error }, 'Attachments cannot be stored or read for now.');
  }
}

/** Ends the application gracefully: what runs is finished, what waits idle is closed as soon as it does. */
async function stop(app: FastifyInstance): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), 50);
  const grace = setTimeout(() => app.server.closeAllConnections(), STOP_GRACE_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(grace);
  }
}
