import { SyncError } from '#electron/services/sync/sync-error.ts';
import type { PushAnswer, PushRequest } from '#shared/sync/protocol.ts';

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

/** What a plant needs of a laptop's client. */
interface Pusher {
  push(request: PushRequest, signal?: AbortSignal): Promise<PushAnswer>;
}

/** What outlives a start of the laptop. */
export interface PlantMemory {
  isWedged: boolean;
}

/** Puts a mistake of a laptop into its client. */
export function plantInClient(client: Pusher, plant: Plant | undefined, memory: PlantMemory): void {
  const push = client.push.bind(client);
  if (plant === 'lost-ack') client.push = (request, signal) => believe(push, request, signal);
  if (plant === 'wedge') client.push = (request, signal) => giveUp(push, request, memory, signal);
}

const isOneOf = (thrown: unknown, codes: readonly string[]): boolean =>
  thrown instanceof SyncError && codes.includes(thrown.code);

async function believe(
  push: Pusher['push'],
  request: PushRequest,
  signal?: AbortSignal,
): Promise<PushAnswer> {
  try {
    return await push(request, signal);
  } catch (thrown) {
    if (!isOneOf(thrown, ['sync.offline', 'sync.cutOff', 'sync.badAnswer'])) throw thrown;
    const verdicts = request.events.map(({ id }) => ({ id, verdict: 'accepted' as const }));
    return { epoch: request.epoch, serverTime: new Date(0).toISOString(), durable: true, verdicts };
  }
}

async function giveUp(
  push: Pusher['push'],
  request: PushRequest,
  memory: PlantMemory,
  signal?: AbortSignal,
): Promise<PushAnswer> {
  if (memory.isWedged) throw new SyncError('sync.cutOff', 'It did not work once.');
  try {
    return await push(request, signal);
  } catch (thrown) {
    memory.isWedged = isOneOf(thrown, ['sync.cutOff']);
    throw thrown;
  }
}
