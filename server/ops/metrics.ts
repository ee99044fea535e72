import { statfs } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Uploads } from '../blobs/uploads.ts';
import type { Storage } from '../blobs/storage.ts';
import type { Database } from '../db/database.ts';
import { routeOf } from './log.ts';

export interface MetricsSources {
  readonly database: Database;
  readonly folder: string;
  readonly uploads: Uploads;
  readonly storage: Storage;
  /** Whether attachments can be reached now. */
  readonly isStorageUp: () => Promise<boolean>;
}

/** From a push that only touches memory to a bootstrap over a slow line, in seconds. */
const SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];

/**
 * What Prometheus reads. Labels are methods, route patterns and status classes: never an id, a name or a
 * tenant, so that their number stays small and they tell nothing about anybody.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status'>;
  readonly #underWay: Gauge;
  readonly #failures: Counter;

  constructor({ database, folder, uploads, storage, isStorageUp }: MetricsSources) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Histogram({
      name: 'faultline_http_request_duration_seconds',
      help: 'Time from the first byte of a request to the last of its answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    });
    this.#underWay = new Gauge({
      name: 'faultline_http_requests_under_way',
      help: 'Requests that have not been answered to the end, waiting lines of pokes included.',
      registers,
    });
    this.#read(
      'faultline_events',
      'Events and entries of all scopes: the sum of their counters.',
      async () => {
        const [row] = await database.query<{ events: string }>(
          'SELECT coalesce(sum(head), 0)::text AS events FROM scopes',
        );
        return Number(row?.events ?? 0);
      },
    );
    this.#read('faultline_uploads', 'Uploads under way.', () => uploads.count());
    // What cannot be counted because the store is away must not take the other figures with it.
    this.#read('faultline_upload_bytes', 'Bytes that have come of uploads under way.', () =>
      uploads.bytes().catch(() => Number.NaN),
    );
    this.#read(
      'faultline_storage_up',
      '1 when attachments and segments can be reached, 0 when the object storage is away or refuses.',
      async () => ((await isStorageUp()) ? 1 : 0),
    );
    this.#read(
      'faultline_storage_failed_requests',
      'Requests to the object storage that failed since the start, each try counted.',
      async () => storage.failures,
    );
    this.#read(
      'faultline_disk_free_bytes',
      'Free space of the data folder: attachments and segments, unless they are in a bucket, and the embedded database.',
      async () => {
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      },
    );
    this.#failures = new Counter({
      name: 'faultline_failures_total',
      help: 'Requests that were answered with 5xx.',
      registers,
    });
  }

  /** Measures every request of the application; to be called before its routes are added. */
  observe(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      this.#underWay.inc();
      // `close` comes once for each answer, also for one that was taken over (pokes) or cut off.
      reply.raw.once('close', () => {
        this.#underWay.dec();
        if (reply.raw.statusCode >= 500) this.#failures.inc();
        const status = `${Math.floor(reply.raw.statusCode / 100)}xx`;
        this.#requests.observe(
          { method: request.method, route: routeOf(request), status },
          reply.elapsedTime / 1000,
        );
      });
    });
  }

  /** A gauge that is read when somebody asks. */
  #read(name: string, help: string, read: () => Promise<number>): Gauge {
    return new Gauge({
      name,
      help,
      registers: [this.registry],
      async collect() {
        this.set(await read());
      },
    });
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
