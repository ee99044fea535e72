import { type Activity, endOf } from './activity.ts';
import type { Life } from './life.ts';
import type { PlantedLines } from './plants.ts';
import { PokeLines } from './poke-lines.ts';
import type { Random } from './random.ts';

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What happens to one request. `cut`: the answer ends in the middle. `portal`: somebody else answers. */
const FATES = { arrives: 60, lost: 8, answerLost: 12, cut: 10, repeated: 6, portal: 2, overloaded: 2 };

/** One laptop's line. */
export interface Link {
  readonly name: string;
  isUp: boolean;
  /** The program on it is of a version that the server does not speak any more. */
  isOutdated: boolean;
  /** Of the run of the laptop that uses the line now. */
  life: Life;
  activity: Activity;
}

interface Waiting {
  readonly link: Link;
  readonly dueTick: number;
  readonly resume: () => void;
}

const GONE = 'fetch failed';
const POKE_PATH = '/v1/poke';
const NEWS: ReadonlySet<string> = new Set(['/v1/push', '/v1/carried']);

export interface NetworkOptions {
  readonly random: Random;
  readonly serve: (request: WireRequest) => Promise<WireAnswer>;
  readonly trace: (what: string) => void;
  readonly planted: PlantedLines;
}

/**
 * The network between laptops and server, in place of the global `fetch`:
 * it delays, repeats, reorders and cuts, and drops the answer after the server has committed.
 */
export class Network {
  /** False: everything arrives at once. */
  isFaulty = true;
  #random: Random;
  readonly #serve: (request: WireRequest) => Promise<WireAnswer>;
  readonly #trace: (what: string) => void;
  readonly #links = new Map<string, Link>();
  readonly #waiting: Waiting[] = [];
  readonly #pokes = new PokeLines();
  /** Something was pushed since the lines were last told. */
  #hasNews = false;
  readonly #copies: { dueTick: number; request: WireRequest }[] = [];
  readonly #realFetch = globalThis.fetch;
  /** How often a line asked for something in this turn. */
  readonly #asked = new Map<string, number>();
  #tick = 0;
  readonly #planted: PlantedLines;

  constructor({ random, serve, trace, planted }: NetworkOptions) {
    this.#random = random;
    this.#serve = serve;
    this.#trace = trace;
    this.#planted = planted;
    globalThis.fetch = (input, init) => this.#fetch(String(input), init ?? {});
  }

  /** Gives the program its own `fetch` back. */
  close(): void {
    globalThis.fetch = this.#realFetch;
  }

  /** @returns the address at which this laptop reaches the server. */
  connect(link: Link): string {
    this.#links.set(link.name, link);
    return `https://${link.name}.invalid`;
  }

  /** Delivers what is due by `tick`, in an order of its own, one after the other. @param random of this turn. */
  async advance(tick: number, random: Random): Promise<void> {
    this.#tick = tick;
    this.#random = random;
    this.#asked.clear();
    const copies = this.#copies.filter(({ dueTick }) => dueTick <= tick);
    for (const copy of copies) {
      this.#copies.splice(this.#copies.indexOf(copy), 1);
      const { status } = await endOf(this.#serve(copy.request), copy.request.path);
      this.#trace(`copy ${placeOf(copy.request.path)} ${status}`);
    }
    await this.#poke();
    const due = this.#waiting.filter(({ dueTick }) => dueTick <= tick);
    while (due.length > 0) {
      const [next] = due.splice(this.#random.int(due.length), 1);
      if (next === undefined || !this.#waiting.includes(next)) continue;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.resume();
      await next.link.activity.idle();
    }
  }

  /** The server says on its lines that it is still there, or that there is news; a line that is not up breaks. */
  async #poke(): Promise<void> {
    const word = this.#hasNews ? 'poke' : 'comment';
    this.#hasNews = false;
    for (const { name, isUp, life, activity } of this.#links.values()) {
      const breaks = !isUp || (this.isFaulty && this.#random.fork(`pokes ${name}`).chance(0.1));
      this.#pokes.say(life, breaks ? 'cut' : word);
      await activity.idle();
    }
  }

  async #fetch(address: string, init: RequestInit): Promise<Response> {
    const url = new URL(address);
    const link = this.#links.get(url.hostname.replace('.invalid', ''));
    if (link === undefined) throw new TypeError(GONE);
    const { life } = link;
    life.step('network');
    const request = {
      method: init.method ?? 'GET',
      path: `${url.pathname}${url.search}`,
      headers: Object.fromEntries(new Headers(init.headers)),
      body: named(url.pathname, link.name, await bodyOf(init.body, link.activity)),
    } satisfies WireRequest;
    if (link.isOutdated) request.headers['faultline-protocol'] = '99';
    if (this.#planted.keepsBack(link.name, request)) throw new TypeError(GONE);
    const luck = this.#luckOf(link, request.path);
    const fate = !link.isUp ? 'lost' : this.isFaulty ? luck.weighted(FATES) : 'arrives';
    const answer = await this.#carry(link, request, fate, luck, init.signal ?? undefined);
    life.step('network');
    this.#trace(`${link.name} ${placeOf(request.path)} ${fate} ${answer?.status ?? '-'}`);
    const isCut = fate === 'cut' && answer !== undefined;
    const isWhole = !isCut && answer !== undefined && fate !== 'portal';
    const believed = this.#planted.believes({ laptop: link.name, request, isWhole, isCut });
    if (believed !== undefined) return new Response(new Uint8Array(believed.body), believed);
    if (answer === undefined) throw new TypeError(GONE);
    const { status, headers, body } = answer;
    if (NEWS.has(request.path) && status === 200) this.#hasNews = true;
    if (request.path === POKE_PATH && status === 200) return this.#pokes.open(life, init.signal);
    if (request.method === 'HEAD' || status === 204) return new Response(null, { status, headers });
    const content = fate === 'cut' ? cutShort(body, luck.int(body.length + 1)) : new Uint8Array(body);
    return new Response(content, { status, headers });
  }

  /** Hangs on what is asked and how often, so that another request more does not change what befalls this one. */
  #luckOf(link: Link, path: string): Random {
    const place = `${link.name} ${placeOf(path)}`;
    const times = (this.#asked.get(place) ?? 0) + 1;
    this.#asked.set(place, times);
    return this.#random.fork(`${place} ${times}`);
  }

  async #carry(
    link: Link,
    request: WireRequest,
    fate: keyof typeof FATES,
    luck: Random,
    signal: AbortSignal | undefined,
  ): Promise<WireAnswer | undefined> {
    await this.#delay(link, luck, signal);
    if (fate === 'lost') return undefined;
    if (fate === 'portal') return answerOf(200, 'text/html', '<html>Log in to the hotel</html>');
    if (fate === 'overloaded') return answerOf(503, 'application/json', '{"code":"x","message":"later"}');
    // A line that stays open is none of the server's answers: it is only asked who is there.
    const answer =
      request.path === POKE_PATH
        ? answerOf(200, 'text/event-stream', '')
        : await link.activity.during(request.path, () => this.#serve(request));
    if (fate === 'repeated' && request.path !== POKE_PATH)
      this.#copies.push({ dueTick: this.#tick + 1 + luck.int(12), request });
    await this.#delay(link, luck, signal);
    return fate === 'answerLost' ? undefined : answer;
  }

  /** Waits some ticks, or not at all. */
  async #delay(link: Link, luck: Random, signal?: AbortSignal): Promise<void> {
    const { life } = link;
    // What has ended already says so no more.
    if (life.isOver) throw life.ended.reason;
    signal?.throwIfAborted();
    if (!this.isFaulty || !luck.chance(0.3)) return;
    const dueTick = this.#tick + 1 + luck.int(6);
    await new Promise<void>((resume, reject) => {
      const waiting = { link, dueTick, resume };
      this.#waiting.push(waiting);
      const giveUp = (reason: unknown): void => {
        const at = this.#waiting.indexOf(waiting);
        if (at === -1) return;
        this.#waiting.splice(at, 1);
        reject(reason);
      };
      life.ended.addEventListener('abort', () => giveUp(life.ended.reason), { once: true });
      signal?.addEventListener('abort', () => giveUp(signal.reason), { once: true });
    });
  }
}

/** The server takes an id that it does not know yet: so devices are called the same whenever the same seed is played. */
function named(path: string, laptop: string, body: WireRequest['body']): WireRequest['body'] {
  if (path !== '/v1/login' || typeof body !== 'string') return body;
  const login = JSON.parse(body) as { device: { id?: string } };
  return JSON.stringify({ ...login, device: { id: `device-${laptop}`, ...login.device } });
}

/** A file is read from the laptop's disk before it goes out. */
async function bodyOf(body: RequestInit['body'], activity: Activity): Promise<WireRequest['body']> {
  if (!(body instanceof Blob)) return typeof body === 'string' ? body : undefined;
  return Buffer.from(await activity.during('body', () => body.arrayBuffer()));
}

/** Without the names of uploads and contents, in which there is real chance. */
const placeOf = (path: string): string => path.split('/', 3).join('/');

function answerOf(status: number, type: string, text: string): WireAnswer {
  return { status, headers: { 'content-type': type }, body: Buffer.from(text) };
}

function cutShort(body: Buffer, length: number): ReadableStream<Uint8Array> {
  let isSent = false;
  return new ReadableStream({
    pull(controller) {
      if (isSent) {
        controller.error(new TypeError('terminated'));
        return;
      }
      isSent = true;
      if (length > 0) controller.enqueue(new Uint8Array(body.subarray(0, length)));
      else controller.error(new TypeError('terminated'));
    },
  });
}
