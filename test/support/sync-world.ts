import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Session } from '#server/auth/sessions.ts';
import { BlobStore } from '#server/blobs/blob-store.ts';
import { ContentFiles } from '#server/blobs/content-files.ts';
import type { ServerContext } from '#server/context.ts';
import type { Database } from '#server/db/database.ts';
import { Bootstrap } from '#server/sync/bootstrap.ts';
import { productDomain } from '#server/sync/domain.ts';
import { readOffer } from '#server/sync/offer.ts';
import { Pokes } from '#server/sync/pokes.ts';
import { pull } from '#server/sync/pull.ts';
import { purgeStream, type Purged } from '#server/sync/purge-stream.ts';
import { push } from '#server/sync/push.ts';
import { namedBy, readSharing } from '#shared/domain/sharing.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import { formatHlc } from '#shared/events/hlc.ts';
import { uuidV7 } from '#shared/events/uuid.ts';
import { PullLineSchema, RowSchema, type Row, type Verdict } from '#shared/sync/protocol.ts';
import { FeedClient } from './feed-client.ts';

/** Everybody's home region. All are engineers. */
export const USERS = { li: 'sz', min: 'sz', zhao: 'bj', wu: 'bj' } as const;
export type User = keyof typeof USERS;
const SCOPES = ['org', 'region/sz', 'region/bj', ...Object.keys(USERS).map((user) => `user/${user}`)];

let tenants = 0;

/** A tenant of its own with users, their devices and their laptops: the server's code without HTTP, logins and time. */
export class SyncWorld {
  readonly #database: Database;
  readonly tenant = `t${++tenants}`;
  readonly clients = new Map<User, FeedClient>();
  readonly #chain = new Map<string, string>();
  readonly bootstrap: Bootstrap;
  readonly #context: Pick<
    ServerContext,
    'database' | 'domain' | 'epoch' | 'now' | 'pokes' | 'bootstrap' | 'blobs'
  >;
  #ms = 1_700_000_000_000;
  readonly purged = new Set<string>();

  /** @param folder for segments. */
  constructor(database: Database, folder: string) {
    this.#database = database;
    this.bootstrap = new Bootstrap(
      database,
      new ContentFiles(folder),
      { rows: 3, staleAfter: 1_000 },
      () => 0,
    );
    const pokes = new Pokes(database, () => undefined);
    this.#context = {
      database,
      domain: productDomain,
      epoch: 'e',
      now: () => 0,
      pokes,
      bootstrap: this.bootstrap,
      blobs: new BlobStore(database, new ContentFiles(folder), 1_000),
    };
  }

  async open(): Promise<void> {
    const { tenant } = this;
    const database = this.#database;
    await database.query('INSERT INTO tenants (tenant) VALUES ($1)', [tenant]);
    for (const scope of SCOPES)
      await database.query('INSERT INTO scopes (tenant, scope) VALUES ($1, $2)', [tenant, scope]);
    for (const [user, region] of Object.entries(USERS) as [User, string][]) {
      await database.query(
        `INSERT INTO users (tenant, id, name, password_hash, roles, home_region) VALUES ($1, $2, $2, '', 'engineer', $3)`,
        [tenant, user, region],
      );
      await database.query(
        `INSERT INTO devices (tenant, id, user_id, code, name, platform) VALUES ($1, $2, $3, $2, '', '')`,
        [tenant, `device-${user}`, user],
      );
      this.clients.set(user, new FeedClient());
    }
  }

  session(user: User): Session {
    const homeRegion = USERS[user];
    return {
      account: {
        tenant: this.tenant,
        id: user,
        name: user,
        roles: ['engineer'],
        homeRegion,
        regions: [homeRegion],
        teams: [],
      },
      deviceId: `device-${user}`,
      expiresAtMs: Infinity,
      deviceRevoked: false,
    };
  }

  event(user: User, type: string, name: string, data: Record<string, unknown>, late: number): DomainEvent {
    this.#ms += 1000;
    const ms = this.#ms - late * 1000;
    const device = `device-${user}`;
    const event: DomainEvent = {
      id: uuidV7(ms, randomBytes(10)),
      stream: name,
      scope: 'region/sz',
      type,
      v: 1,
      data,
      hlc: formatHlc({ ms, counter: 0 }, device),
      at: new Date(ms).toISOString(),
      tz: 'Asia/Shanghai',
      clock: { monotonicMs: 1, bootId: 'b' },
      actor: user,
      device,
      prev: this.#chain.get(device + name) ?? '',
    };
    this.#chain.set(device + name, hashEvent(event));
    return event;
  }

  async push(user: User, events: readonly DomainEvent[]): Promise<Verdict[]> {
    const offers = events.map((event) => readOffer(event)!);
    return (await push(this.#context, this.session(user), offers)).verdicts;
  }

  async pull(user: User, page: number): Promise<boolean> {
    const client = this.clients.get(user)!;
    const request = { epoch: 'e', device: `device-${user}`, cursors: client.cursors, page: { events: page } };
    const lines = (await pull(this.#context, this.session(user), request)).map((line) =>
      PullLineSchema.parse(JSON.parse(line)),
    );
    // Not even in passing: what may not be seen now is not sent now.
    const truth = await this.truth();
    for (const line of lines)
      if (line.k === 'event') expect(truth.get(line.scope)).toContainEqual(line.event);
    return client.apply(lines).more;
  }

  async purge(name: string): Promise<Purged> {
    this.purged.add(name);
    const actor = { tenant: this.tenant, userId: 'admin', deviceId: '', address: 'local' };
    return purgeStream(this.#context, actor, name);
  }

  /** What a new laptop of the user begins with. */
  async manifestRows(user: User): Promise<Row[]> {
    const { account } = this.session(user);
    const { segments } = await this.bootstrap.manifest(account, 'e');
    const rows: Row[] = [];
    for (const { sha256 } of segments) {
      const segment = await this.bootstrap.segment(account, sha256);
      if (segment === undefined) throw new Error('The manifest names a segment that is not given out.');
      const lines = gunzipSync(await buffer(segment.content))
        .toString('utf8')
        .trim()
        .split('\n');
      rows.push(...lines.map((line) => RowSchema.parse(JSON.parse(line))));
    }
    return rows;
  }

  /** By scope, the facts it gives, told from the events alone and not by the server's code. */
  async truth(): Promise<Map<string, DomainEvent[]>> {
    const rows = await this.#database.query<{ guest: boolean; body: string }>(
      'SELECT by_guest AS guest, body FROM events WHERE tenant = $1 AND NOT purged',
      [this.tenant],
    );
    const held = rows.map(({ guest, body }) => ({ guest, event: JSON.parse(body) as DomainEvent }));
    const events = held.map(({ event }) => event).toSorted(compareEvents);
    const sharedTo = new Map<string, Set<string>>();
    const targetsOf = (home: string, stream: string): Set<string> =>
      sharedTo.get(`${home} ${stream}`) ?? new Set();
    for (const event of events) {
      const sharing = readSharing(event);
      if (sharing === undefined) continue;
      const targets = targetsOf(event.scope, event.stream);
      if (sharing.shares) targets.add(sharing.with);
      else targets.delete(sharing.with);
      sharedTo.set(`${event.scope} ${event.stream}`, targets);
    }
    // What anybody of the home scope ever named in a ticket is where the ticket is.
    for (const { guest, event } of held) {
      const { tickets, records } = namedBy(event);
      for (const stream of guest ? [] : records) {
        const targets = tickets.flatMap((ticket) => [...targetsOf(event.scope, ticket)]);
        const all = new Set([...targetsOf(event.scope, stream), ...targets]);
        sharedTo.set(`${event.scope} ${stream}`, all);
      }
    }
    const isIn = (event: DomainEvent, scope: string): boolean =>
      event.scope === scope || targetsOf(event.scope, event.stream).has(scope);
    return new Map(SCOPES.map((scope) => [scope, events.filter((event) => isIn(event, scope))]));
  }
}
