import type { PushAnswer, PushRequest } from '#shared/sync/protocol.ts';
import type { WireAnswer, WireRequest } from './network.ts';

/**
 * The mistakes that the simulation can put in on purpose, each between the ports and never in the product.
 * - `naive-cursor`: numbers drawn before the commit, so that cursors pass by what is committed late
 * - `lost-ack`: a laptop takes a push without an answer for one that was accepted
 * - `double-apply`: a server makes a record of each offer, whatever was offered before
 * - `scope-leak`: a server delivers a fact of a scope that the user may not see
 * - `wedge`: a laptop never pushes again after one kind of error
 */
export const PLANTS = ['naive-cursor', 'lost-ack', 'double-apply', 'scope-leak', 'wedge'] as const;
export type Plant = (typeof PLANTS)[number];

/** What happened to a request on its way. */
export interface Carried {
  readonly laptop: string;
  readonly request: WireRequest;
  /** The answer came whole. */
  readonly isWhole: boolean;
  readonly isCut: boolean;
}

/** Makes the mistakes of laptops in their place, where they meet the network. */
export class PlantedLines {
  readonly #plant: Plant | undefined;
  readonly #wedged = new Set<string>();

  constructor(plant: Plant | undefined) {
    this.#plant = plant;
  }

  /** Whether the laptop does not even send it. */
  keepsBack(laptop: string, { path }: WireRequest): boolean {
    return path === PUSH && this.#wedged.has(laptop);
  }

  /** What the laptop takes for the answer, if that is another one than came. */
  believes({ laptop, request, isWhole, isCut }: Carried): WireAnswer | undefined {
    if (request.path !== PUSH) return undefined;
    if (this.#plant === 'wedge' && isCut) this.#wedged.add(laptop);
    return this.#plant === 'lost-ack' && !isWhole ? acceptedAll(String(request.body)) : undefined;
  }
}

const PUSH = '/v1/push';

function acceptedAll(body: string): WireAnswer {
  const { epoch, events } = JSON.parse(body) as PushRequest;
  const verdicts = events.map(({ id }) => ({ id, verdict: 'accepted' as const }));
  const answer = {
    epoch,
    serverTime: new Date(0).toISOString(),
    durable: true,
    verdicts,
  } satisfies PushAnswer;
  const headers = { 'content-type': 'application/json' };
  return { status: 200, headers, body: Buffer.from(JSON.stringify(answer)) };
}
