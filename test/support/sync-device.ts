import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import { formatHlc, tick, type Hlc } from '#shared/events/hlc.ts';
import { uuidV7 } from '#shared/events/uuid.ts';
import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import {
  LoginAnswerSchema,
  ManifestSchema,
  PullLineSchema,
  PushAnswerSchema,
  RowSchema,
  type LoginAnswer,
  type Manifest,
  type PullLine,
  type PushAnswer,
  type Row,
} from '#shared/sync/protocol.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** What an event of a test is about; the rest is stamped by the device. */
export interface Fact {
  readonly stream: string;
  readonly type?: string;
  readonly data?: Record<string, unknown>;
  readonly scope?: string;
  readonly v?: number;
}

/** A laptop that speaks the real wire protocol over real HTTP, without screens, journal or vault. */
export class SyncDevice {
  readonly url: string;
  readonly login: LoginAnswer;
  /** By scope: the events received, in the order of their numbers. */
  readonly received = new Map<string, { n: number; event: DomainEvent }[]>();
  cursors: Record<string, number> = {};
  epoch: string;
  #clock: Hlc = { ms: 0, counter: 0 };
  readonly #chain = new Map<string, string>();

  private constructor(url: string, login: LoginAnswer) {
    this.url = url;
    this.login = login;
    this.epoch = login.epoch;
  }

  static async logIn(
    url: string,
    user: string,
    password = 'demo',
    device: object = {},
    tenant = 'main',
  ): Promise<SyncDevice> {
    const answer = await send(url, 'POST', '/v1/login', {
      tenant,
      user,
      password,
      device: { name: `Laptop of ${user}`, platform: 'linux', ...device },
    });
    if (answer.status !== 200)
      throw new Error(`Login answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return new SyncDevice(url, LoginAnswerSchema.parse(answer.body));
  }

  /** The same login at another address of the same service. */
  at(url: string): SyncDevice {
    return new SyncDevice(url, this.login);
  }

  /** The next event of this device, chained to its last one in the stream. `wallMs`: what its clock says. */
  event(fact: Fact, wallMs = Date.now()): DomainEvent {
    this.#clock = tick(this.#clock, wallMs);
    const event: DomainEvent = {
      id: uuidV7(wallMs, randomBytes(10)),
      stream: fact.stream,
      scope: fact.scope ?? `region/${this.login.homeRegion}`,
      type: fact.type ?? 'probe.noted',
      v: fact.v ?? 1,
      data: fact.data ?? {},
      hlc: formatHlc(this.#clock, this.login.deviceId),
      at: new Date(wallMs).toISOString(),
      tz: 'Asia/Shanghai',
      clock: { monotonicMs: wallMs % 1_000_000, bootId: 'boot-1' },
      actor: this.login.userId,
      device: this.login.deviceId,
      prev: this.#chain.get(fact.stream) ?? '',
    };
    this.#chain.set(fact.stream, hashEvent(event));
    return event;
  }

  request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return send(this.url, method, path, body, { authorization: `Bearer ${this.login.token}`, ...headers });
  }

  /** The same laptop once more: a copy of its profile, which goes on by itself from here. */
  copy(): SyncDevice {
    const copy = new SyncDevice(this.url, this.login);
    copy.#clock = this.#clock;
    for (const [stream, hash] of this.#chain) copy.#chain.set(stream, hash);
    return copy;
  }

  /** Becomes a device of its own, which begins its own chains. @param claim further words about the device. */
  async renew(claim: object = {}): Promise<SyncDevice> {
    const device = { name: 'renewed', platform: 'linux', ...claim };
    const answer = await this.request('POST', '/v1/devices/renew', { device });
    if (answer.status !== 200)
      throw new Error(`Renewing answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    const renewed = new SyncDevice(this.url, LoginAnswerSchema.parse(answer.body));
    renewed.#clock = this.#clock;
    return renewed;
  }

  /** A push as it is answered, whatever the answer. */
  offer(
    events: readonly unknown[],
    more: object = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const body = { epoch: this.epoch, device: this.login.deviceId, events, ...more };
    return this.request('POST', '/v1/push', body, headers);
  }

  async push(events: readonly unknown[], more: object = {}): Promise<PushAnswer> {
    const answer = await this.offer(events, more);
    if (answer.status !== 200)
      throw new Error(`Push answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return PushAnswerSchema.parse(answer.body);
  }

  /** Pulls one page, applies it, and returns its lines. */
  async pullPage(): Promise<PullLine[]> {
    const answer = await this.request('POST', '/v1/pull', {
      epoch: this.epoch,
      device: this.login.deviceId,
      cursors: this.cursors,
    });
    if (answer.status !== 200)
      throw new Error(`Pull answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    const lines = readLines(answer.body as string).map((line) => PullLineSchema.parse(line));
    for (const line of lines) {
      if (line.k === 'event') {
        const list = this.received.get(line.scope) ?? [];
        list.push({ n: line.n, event: line.event });
        this.received.set(line.scope, list);
      }
      if (line.k === 'end') this.cursors = line.cursors;
    }
    return lines;
  }

  /** Pulls until nothing is left, and returns all lines. */
  async pull(): Promise<PullLine[]> {
    const all: PullLine[] = [];
    for (;;) {
      const lines = await this.pullPage();
      all.push(...lines);
      const end = lines.at(-1);
      if (end?.k !== 'end') throw new Error('The answer was cut off.');
      if (!end.more) return all;
    }
  }

  receivedIds(scope = `region/${this.login.homeRegion}`): string[] {
    return (this.received.get(scope) ?? []).map(({ event }) => event.id);
  }

  async manifest(): Promise<Manifest> {
    return ManifestSchema.parse((await this.request('GET', '/v1/bootstrap')).body);
  }

  async rows(manifest: Manifest): Promise<Row[]> {
    const rows: Row[] = [];
    for (const { sha256 } of manifest.segments) {
      const { body } = await this.request('GET', `/v1/segments/${sha256}`);
      const lines = readLines(gunzipSync(body as Buffer).toString('utf8'));
      rows.push(...lines.map((line) => RowSchema.parse(line)));
    }
    return rows;
  }

  async entity(key: string): Promise<DomainEvent[]> {
    const { body } = await this.request('GET', `/v1/entities/${encodeURIComponent(key)}`);
    return readLines(body as string).flatMap((line) => {
      const parsed = PullLineSchema.parse(line);
      return parsed.k === 'event' ? [parsed.event] : [];
    });
  }
}

/** What the checksum of a set of events must be. */
export function checksumOf(ids: readonly string[]): string {
  return ids.reduce((sum, id) => addToChecksum(sum, id), EMPTY_CHECKSUM);
}

/** One request; the body comes back as JSON, as text for NDJSON, or as bytes. */
export async function send(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const raw = body instanceof Uint8Array;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body === undefined
        ? {}
        : { 'content-type': raw ? 'application/octet-stream' : 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: raw ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
  });
  const type = response.headers.get('content-type') ?? '';
  const content =
    (type.startsWith('application/json') || type.startsWith('application/problem+json')) && method !== 'HEAD'
      ? await response.json()
      : type.startsWith('application/x-ndjson')
        ? await response.text()
        : Buffer.from(await response.arrayBuffer());
  return { status: response.status, body: content, headers: response.headers };
}

function readLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
