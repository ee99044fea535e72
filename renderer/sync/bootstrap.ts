import { EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import type { Manifest } from '#shared/sync/protocol.ts';
import type { StoreClient } from '../db/open-store.ts';
import type { EngineEvents, EngineHost, EngineOptions } from './engine.ts';

/**
 * Fetches the workspace scope by scope, the home screen's first: each can be used as soon as it is here. Cut short, it
 * goes on where it was: scopes that are here are passed over, and segments that are here are not fetched again.
 */
export async function bootstrap(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  signal: AbortSignal,
  { homeScope }: EngineOptions,
): Promise<void> {
  const manifest = await host.sync.bootstrap({}, { signal });
  const before = await store.position({});
  const isHere = (scope: string): boolean =>
    before.epoch === manifest.epoch &&
    !before.isBootstrapped &&
    before.cursors[scope] !== undefined &&
    !before.damaged.includes(scope);
  const all = scopesInOrder(manifest, homeScope);
  const known = Object.keys({ ...before.cursors, ...before.pages });
  const given = new Set(all);
  const lost = known.filter((scope) => !given.has(scope));
  if (lost.length > 0) await store.applyScopeLoss({ scopes: lost });
  const wanted = all.filter((scope) => !isHere(scope));
  const progress = new Progress(manifest, new Set(wanted), events);
  const left = await bytesLeft(store, manifest, new Set(wanted));
  try {
    const last = wanted.at(-1) ?? all.at(-1);
    for (const scope of last === undefined || wanted.length > 0 ? wanted : [last]) {
      const isLast = scope === last;
      await fetchPages(host, store, manifest, scope, isLast, signal, left, progress);
    }
  } finally {
    progress.end();
  }
}

/** Fetches one scope anew: its pages and facts here are replaced. */
export async function fetchScope(
  host: EngineHost,
  store: StoreClient,
  scope: string,
  signal: AbortSignal,
): Promise<void> {
  const manifest = await host.sync.bootstrap({ scope }, { signal });
  // It may have been lost meanwhile; the next pull says so.
  if (manifest.cursors[scope] === undefined) return;
  const left = await bytesLeft(store, manifest, new Set([scope]));
  await fetchPages(host, store, manifest, scope, false, signal, left, undefined);
}

function scopesInOrder({ cursors, segments }: Manifest, homeScope: string | undefined): string[] {
  const told = [...new Set([...Object.keys(cursors), ...segments.map(({ scope }) => scope)])];
  // A server without a single fact names none.
  const scopes = told.length === 0 ? ['org'] : told;
  const rank = (scope: string): number => (scope === homeScope ? 0 : scope === 'org' ? 1 : 2);
  return scopes.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** What is still to be fetched, in bytes. */
interface Left {
  bytes: number;
}

async function bytesLeft(
  store: StoreClient,
  { segments }: Manifest,
  scopes: ReadonlySet<string>,
): Promise<Left> {
  const sizes = new Map(
    segments.flatMap(({ scope, sha256, bytes }) => (scopes.has(scope) ? [[sha256, bytes] as const] : [])),
  );
  const { hashes } = await store.missingPages({ hashes: [...sizes.keys()] });
  return { bytes: hashes.reduce((sum, sha256) => sum + (sizes.get(sha256) ?? 0), 0) };
}

async function fetchPages(
  host: EngineHost,
  store: StoreClient,
  manifest: Manifest,
  scope: string,
  isLast: boolean,
  signal: AbortSignal,
  left: Left,
  progress: Progress | undefined,
): Promise<void> {
  const segments = manifest.segments.filter((segment) => segment.scope === scope);
  const pages = [...new Set(segments.map(({ sha256 }) => sha256))];
  const missing = new Set((await store.missingPages({ hashes: pages })).hashes);
  // The next segment travels while the last one is unpacked.
  let staging: Promise<unknown> = Promise.resolve();
  try {
    for (const { sha256, bytes: size } of segments) {
      if (missing.delete(sha256)) {
        const { bytes } = await host.sync.segment({ sha256, left: left.bytes }, { signal });
        left.bytes = Math.max(0, left.bytes - size);
        await staging;
        staging = store.stagePage({ scope, sha256, bytes: bytes as Uint8Array<ArrayBuffer> });
        staging.catch(() => undefined);
      }
      progress?.add(size);
    }
  } finally {
    // Also when it is cut short: what has arrived is kept.
    await staging;
  }
  // What is decided on top of these rows has to sort after them.
  if (manifest.latestHlc !== '') await host.journal.observe({ hlc: manifest.latestHlc });
  await store.adoptScope({
    epoch: manifest.epoch,
    scope,
    cursor: manifest.cursors[scope] ?? 0,
    checksum: manifest.checksums[scope] ?? { count: 0, hash: EMPTY_CHECKSUM },
    pages,
    deleted: manifest.deleted,
    isLast,
  });
}

/** Tells how far it is after each segment. */
class Progress {
  readonly #events: EngineEvents;
  readonly #total: number;
  readonly #totalBytes: number;
  #done = 0;
  #doneBytes = 0;

  constructor({ segments }: Manifest, scopes: ReadonlySet<string>, events: EngineEvents) {
    const wanted = segments.filter(({ scope }) => scopes.has(scope));
    this.#events = events;
    this.#total = wanted.length;
    this.#totalBytes = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.#total > 0) this.#tell();
  }

  add(bytes: number): void {
    this.#done++;
    this.#doneBytes += bytes;
    this.#tell();
  }

  end(): void {
    this.#events.onBootstrap(undefined);
  }

  #tell(): void {
    this.#events.onBootstrap({
      done: this.#done,
      total: this.#total,
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
    });
  }
}
