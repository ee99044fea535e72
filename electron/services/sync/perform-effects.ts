import type { ClockReading } from '#shared/sync/engine/clock-offset.ts';
import type { EngineEffect } from '#shared/sync/engine/effects.ts';
import type { EngineEvent } from '#shared/sync/engine/events.ts';
import { undeliveredCount } from '#shared/sync/engine/plan.ts';
import { type Hello, SYNC_PROTOCOL } from '#shared/sync/protocol.ts';
import type { Clock } from '../journal/clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { AskingEffect } from './engine-driver.ts';
import type { BlobUploads, CarriedFacts, CarriedLine, EngineServer, IdentityPort } from './engine-ports.ts';
import { failureOf } from './failure-of.ts';
import { wireBytes } from './plan-push.ts';
import { offerBatch, planBatch } from './push-batch.ts';
import { needsLogin, SyncError } from './sync-error.ts';
import type { TransferMeter } from './transfer-meter.ts';

export interface EffectPorts {
  readonly journal: Journal;
  readonly client: EngineServer & CarriedLine;
  readonly clock: Clock;
  readonly uploads: BlobUploads | undefined;
  readonly carried: CarriedFacts | undefined;
  readonly identity: IdentityPort | undefined;
  readonly meter: TransferMeter;
  /** What becomes known before the effect is over. */
  readonly dispatch: (event: EngineEvent) => void;
}

type Effect<D extends EngineEffect['do']> = Extract<EngineEffect, { do: D }>;

/** Does what the engine asks for. Whatever goes wrong is an event as well. */
export class EffectPerformer {
  readonly #ports: EffectPorts;
  /** Bytes of each attachment that the server had when the transfer began, or was told of since. */
  #sentBefore = new Map<string, number>();

  constructor(ports: EffectPorts) {
    this.#ports = ports;
  }

  async perform(
    asked: Exclude<AskingEffect, { do: 'cancel' }>,
    signal: AbortSignal,
  ): Promise<EngineEvent | undefined> {
    try {
      return await this.#do(asked, signal);
    } catch (thrown) {
      return { is: 'failed', effect: asked.effect, failure: failureOf(thrown) };
    }
  }

  async #do(asked: Exclude<AskingEffect, { do: 'cancel' }>, signal: AbortSignal): Promise<EngineEvent> {
    const { journal, client } = this.#ports;
    const { effect } = asked;
    switch (asked.do) {
      case 'hello':
        return this.#hello(effect, signal);
      case 'push':
        return this.#push(asked, signal);
      case 'refreshLogin':
        if (client.refresh === undefined) throw needsLogin();
        await client.refresh(signal);
        return { is: 'refreshed', effect };
      case 'enterEpoch':
        await journal.enterEpoch(asked.epoch);
        return { is: 'enteredEpoch', effect };
      case 'becomeNewDevice':
        await this.#identity.becomeNewDevice();
        return { is: 'renewed', effect };
      case 'wipe':
        await this.#identity.wipe();
        return { is: 'wiped', effect };
      case 'upload':
        return this.#upload(asked, signal);
      case 'openPokes':
        return this.#hearPokes(effect, signal);
    }
  }

  get #identity(): IdentityPort {
    const { identity } = this.#ports;
    if (identity !== undefined) return identity;
    throw new SyncError('sync.clonedDevice', 'This laptop cannot change its identity here. Start it anew.');
  }

  async #hello(effect: number, signal: AbortSignal): Promise<EngineEvent> {
    const { client, journal, clock } = this.#ports;
    const sentMonotonicMs = clock.monotonicMs();
    const hello = await client.hello(signal);
    const reading = this.#reading(hello.serverTime, sentMonotonicMs);
    await journal.enterEpoch(hello.epoch);
    return { is: 'helloed', effect, isOtherVersion: !overlaps(hello.protocol), reading };
  }

  async #push({ effect, turn, isHandingOver }: Effect<'push'>, signal: AbortSignal): Promise<EngineEvent> {
    const { journal, client, clock, meter, dispatch } = this.#ports;
    const batch = planBatch(journal, turn, isHandingOver);
    const [first] = batch;
    if (first === undefined) return this.#allPushed(effect, signal);
    if (!meter.isRunning('facts')) this.#meterFacts();
    dispatch({ is: 'sending', effect });
    try {
      const sentMonotonicMs = clock.monotonicMs();
      let answeredMs = { wallMs: 0, monotonicMs: 0 };
      const outcome = await offerBatch({ journal, client, signal }, batch, () => {
        answeredMs = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
      });
      meter.add(
        'facts',
        batch.reduce((sum, event) => sum + wireBytes(event), 0),
      );
      const { left, unjudged, serverTime } = outcome;
      const reading = { serverMs: Date.parse(serverTime), sentMonotonicMs, ...answeredMs };
      return { is: 'pushed', effect, left, unjudged, reading };
    } catch (thrown) {
      const failure = failureOf(thrown);
      const isReadable = failure.kind !== 'unreadable';
      if (isReadable) meter.end('facts');
      if (isReadable && failure.kind !== 'fault') throw thrown;
      return { is: 'batchFailed', effect, count: batch.length, stream: first.stream, failure };
    }
  }

  /** Our own facts first: those of colleagues were safe with them already. */
  async #allPushed(effect: number, signal: AbortSignal): Promise<EngineEvent> {
    const { journal, carried, client, meter, dispatch } = this.#ports;
    meter.end('facts');
    let carriedLeft = 0;
    if (carried !== undefined && carried.count > 0) {
      dispatch({ is: 'sending', effect });
      carriedLeft = (await carried.sendAll(client, signal)).left;
    }
    return { is: 'pushedAll', effect, undelivered: undeliveredCount(journal.outbox()) + carriedLeft };
  }

  async #upload({ effect, isMetered, isRetry }: Effect<'upload'>, signal: AbortSignal): Promise<EngineEvent> {
    const { uploads, meter, dispatch } = this.#ports;
    if (uploads === undefined) return { is: 'uploaded', effect, outcome: 'nothing' };
    if (isRetry) uploads.retryRefused();
    if (!meter.isRunning('attachments')) await this.#meterUploads(uploads, isMetered);
    const sentBefore = this.#sentBefore;
    const stop = uploads.onProgress(({ sha256, sentBytes }) => {
      meter.add('attachments', sentBytes - (sentBefore.get(sha256) ?? 0));
      sentBefore.set(sha256, sentBytes);
      dispatch({ is: 'progressed', effect });
    });
    try {
      const outcome = await uploads.sendNext(signal, { isMetered });
      if (outcome === 'nothing') meter.end('attachments');
      return { is: 'uploaded', effect, outcome };
    } finally {
      stop();
    }
  }

  async #hearPokes(effect: number, signal: AbortSignal): Promise<EngineEvent> {
    const { client, dispatch } = this.#ports;
    for await (const said of client.pokes(signal))
      dispatch({ is: said === 'comment' ? 'commented' : 'poked', effect });
    return { is: 'pokesEnded', effect };
  }

  async #meterUploads(uploads: BlobUploads, isMetered: boolean): Promise<void> {
    // What waited for another network goes as well, once this one is not metered any more.
    const waiting = (await uploads.list()).filter(
      ({ state }) => state === 'waiting' || (state === 'metered' && !isMetered),
    );
    this.#sentBefore = new Map(waiting.map(({ sha256, sentBytes }) => [sha256, sentBytes]));
    const total = waiting.reduce((sum, { bytes, sentBytes }) => sum + bytes - sentBytes, 0);
    if (total > 0) this.#ports.meter.begin('attachments', total);
  }

  #meterFacts(): void {
    const { journal, meter } = this.#ports;
    const waiting = journal.outbox().filter((item) => item.state === 'waiting');
    meter.begin(
      'facts',
      waiting.reduce((sum, { event }) => sum + wireBytes(event), 0),
    );
  }

  #reading(serverTime: string, sentMonotonicMs: number): ClockReading {
    const { clock } = this.#ports;
    const wallMs = clock.nowMs();
    return { serverMs: Date.parse(serverTime), wallMs, sentMonotonicMs, monotonicMs: clock.monotonicMs() };
  }
}

const overlaps = ({ min, max }: Hello['protocol']): boolean =>
  max >= SYNC_PROTOCOL.min && min <= SYNC_PROTOCOL.max;
