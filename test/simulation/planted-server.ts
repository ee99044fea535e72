import type { WireAnswer, WireRequest } from './network.ts';
import type { Plant } from './plants.ts';

/** How many pulls a late commit stays unseen. */
const UNSEEN_PULLS = 3;
/** Every so manieth fact is committed late, or repeated, or leaked. */
const EVERY = 3;

interface EventLine {
  readonly k: 'event';
  readonly scope: string;
  readonly n: number;
  readonly event: { readonly id: string; readonly scope: string };
}
type Line = EventLine | { readonly k: 'head'; readonly scopes: readonly string[] } | { readonly k: 'other' };

export interface PlantedServerOptions {
  readonly plant: Plant;
  readonly handle: (request: WireRequest) => Promise<WireAnswer>;
  /** A fact of a scope that is none of these, if there is one. */
  readonly otherFact: (scopes: readonly string[]) => Promise<EventLine | undefined>;
}

/** Stands before the server and makes one of its classic mistakes in its place, on the wire. */
export class PlantedServer {
  readonly #options: PlantedServerOptions;
  readonly #met = new Set<string>();
  readonly #unseen = new Map<string, number>();
  readonly #accepted = new Set<string>();
  #pulls = 0;

  constructor(options: PlantedServerOptions) {
    this.#options = options;
  }

  async handle(request: WireRequest): Promise<WireAnswer> {
    const { plant, handle } = this.#options;
    if (plant === 'double-apply' && request.path === '/v1/push') return this.#pushAsNew(request);
    const answer = await handle(request);
    if (request.path !== '/v1/pull' || answer.status !== 200) return answer;
    if (plant === 'naive-cursor') return rewrite(answer, (lines) => this.#hideLateCommits(lines));
    if (plant === 'scope-leak') return rewrite(answer, (lines) => this.#leak(lines));
    return answer;
  }

  /**
   * Numbers drawn before the commit: a reader sees a number before a smaller one, and its cursor passes it by.
   * Whoever numbers like this has no checksums either.
   */
  #hideLateCommits(lines: readonly Line[]): readonly Line[] {
    const lastOf = new Map(lines.filter(isEvent).map((line) => [line.scope, line]));
    return lines.filter((line) => {
      if ((line.k as string) === 'checksum') return false;
      if (!isEvent(line)) return true;
      const { id } = line.event;
      if (!this.#met.has(id)) {
        this.#met.add(id);
        if (this.#met.size % EVERY === 0) this.#unseen.set(id, UNSEEN_PULLS);
      }
      const left = this.#unseen.get(id) ?? 0;
      this.#unseen.set(id, left - 1);
      return left <= 0 || lastOf.get(line.scope) === line;
    });
  }

  /** The scope is looked at when the scopes are listed, and forgotten when their facts are read. */
  async #leak(lines: readonly Line[]): Promise<readonly Line[]> {
    const head = lines.find((line) => line.k === 'head');
    if (head?.k !== 'head' || ++this.#pulls % EVERY !== 0) return lines;
    const other = await this.#options.otherFact(head.scopes);
    return other === undefined ? lines : [head, other, ...lines.filter((line) => line !== head)];
  }

  /** Each offer makes a record of its own, whatever was offered before. */
  async #pushAsNew(request: WireRequest): Promise<WireAnswer> {
    const body = JSON.parse(String(request.body ?? '{}')) as { events: { id: string }[] };
    const names = new Map<string, string>();
    for (const event of body.events) {
      const { id } = event;
      if (this.#accepted.has(id)) event.id = `${id.slice(0, -4)}${(names.size + 0xd000).toString(16)}`;
      names.set(event.id, id);
    }
    const answer = await this.#options.handle({ ...request, body: JSON.stringify(body) });
    if (answer.status !== 200) return answer;
    for (const id of names.values()) this.#accepted.add(id);
    const said = JSON.parse(answer.body.toString()) as { verdicts: { id: string }[] };
    for (const verdict of said.verdicts) verdict.id = names.get(verdict.id) ?? verdict.id;
    return { ...answer, body: Buffer.from(JSON.stringify(said)) };
  }
}

const isEvent = (line: Line): line is EventLine => line.k === 'event';

async function rewrite(
  answer: WireAnswer,
  change: (lines: readonly Line[]) => readonly Line[] | Promise<readonly Line[]>,
): Promise<WireAnswer> {
  const lines = answer.body
    .toString()
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);
  const changed = await change(lines);
  return { ...answer, body: Buffer.from(changed.map((line) => `${JSON.stringify(line)}\n`).join('')) };
}
