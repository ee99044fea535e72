import { hashSync } from '@node-rs/argon2';
import type { Sql } from '#server/db/database.ts';
import type { LoginAnswer, LoginRequest } from '#shared/sync/protocol.ts';
import type { WireAnswer, WireRequest } from './network.ts';
import type { Person } from './laptop.ts';

/** Of everybody. */
export const PASSWORD = 'simulated';
/** As cheap as the algorithm allows: what it costs to guess is no question here. */
const HASH = hashSync(PASSWORD, { memoryCost: 8, timeCost: 1, parallelism: 1 });
/** All there are. */
export const REGIONS: readonly string[] = ['sz', 'bj'];
const ADMINISTRATOR = 'head.office';

/** The server as the office reaches it: over a line that does not fail. */
export interface OfficeLine {
  readonly tenant: string;
  readonly sql: Sql;
  readonly ask: (request: WireRequest) => Promise<WireAnswer>;
  readonly logIn: (user: string, device: LoginRequest['device']) => Promise<LoginAnswer>;
}

/** What administrators do during a run, by the server's own routes; and what they remember of it. */
export class Office {
  /** `<user> <scope>` that was taken from somebody at some time. */
  readonly losses = new Set<string>();
  readonly revokedDevices = new Set<string>();
  /** Ids of refused facts that the office has accepted all the same. */
  readonly accepted = new Set<string>();
  readonly #line: OfficeLine;
  readonly #regions = new Map<string, readonly string[]>();
  #token = '';

  constructor(line: OfficeLine) {
    this.#line = line;
  }

  /** Makes the accounts, straight in the database: the first administrator has nobody to make him. */
  async open(people: readonly Person[]): Promise<void> {
    const { tenant, sql } = this.#line;
    const users = [...people, { id: ADMINISTRATOR, roles: ['admin'], region: 'sz' }];
    await sql.query('INSERT INTO tenants (tenant) VALUES ($1)', [tenant]);
    for (const region of REGIONS)
      await sql.query('INSERT INTO regions (tenant, id, name_zh, name_en) VALUES ($1, $2, $2, $2)', [
        tenant,
        region,
      ]);
    for (const { id, roles, region } of new Map(users.map((user) => [user.id, user])).values()) {
      await sql.query(
        'INSERT INTO users (tenant, id, name, password_hash, roles, home_region) VALUES ($1, $2, $2, $3, $4, $5)',
        [tenant, id, HASH, roles.join(' '), region],
      );
      this.#regions.set(id, [region]);
    }
    const scopes = [
      'org',
      ...REGIONS.map((region) => `region/${region}`),
      ...users.map(({ id }) => `user/${id}`),
    ];
    await sql.query('INSERT INTO scopes (tenant, scope) SELECT $1, unnest($2::text[])', [
      tenant,
      [...new Set(scopes)],
    ]);
  }

  /** The regions in which a person works now, the home region first. */
  regionsOf(user: string): readonly string[] {
    return this.#regions.get(user) ?? [];
  }

  /** Gives the person another region besides the home region, or takes it away again. */
  async toggleRegion({ id }: Person): Promise<string> {
    const [home = '', given] = this.regionsOf(id);
    const other = given ?? REGIONS.find((region) => region !== home) ?? home;
    const takes = given !== undefined;
    await this.#change('PATCH', `users/${id}`, { regions: takes ? [] : [other] });
    this.#regions.set(id, takes ? [home] : [home, other]);
    if (takes) this.losses.add(`${id} region/${other}`);
    return `${takes ? 'took' : 'gave'} ${other}`;
  }

  /** The person works in that region from now on, and no longer where he did. */
  async moveHome(person: Person, home: string): Promise<void> {
    await this.#change('PATCH', `users/${person.id}`, { homeRegion: home, regions: [] });
    for (const before of this.regionsOf(person.id))
      if (before !== home) this.losses.add(`${person.id} region/${before}`);
    this.#regions.set(person.id, [home]);
  }

  async revokeDevice(device: string): Promise<void> {
    await this.#change('POST', `devices/${device}/revoke`, { reason: 'It was stolen.' });
    this.revokedDevices.add(device);
  }

  /** Decides about the oldest refused fact. @returns its id, if there is one. */
  async decideRefusal(accepts: boolean): Promise<string | undefined> {
    const { refusals } = (await this.#change('GET', 'refusals?limit=1')) as {
      refusals: { device: string; id: string; mayAccept: boolean }[];
    };
    const [refusal] = refusals;
    if (refusal === undefined) return undefined;
    const { device, id } = refusal;
    const isAccepted = accepts && refusal.mayAccept;
    await this.#change('POST', `refusals/${isAccepted ? 'accept' : 'dismiss'}`, {
      device,
      id,
      reason: 'Looked at.',
    });
    if (isAccepted) this.accepted.add(id);
    return id;
  }

  async #change(method: string, path: string, body?: unknown): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#line.ask({
        method,
        path: `/v1/admin/${path}`,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = answer.body.toString();
      if (answer.status === 200) return JSON.parse(text);
      // The database died after the commit: what was just listed as undecided is decided.
      if (answer.status === 404 && attempt > 1) return {};
      if (attempt === 3) throw new Error(`The office was answered ${answer.status}: ${text}`);
      // The login has ended, or the database has died in between: once more.
      if (answer.status === 401) await this.#logIn();
    }
  }

  async #logIn(): Promise<void> {
    const device = { id: 'device-office', name: 'office', platform: 'simulation' };
    this.#token = (await this.#line.logIn(ADMINISTRATOR, device)).token;
  }
}
