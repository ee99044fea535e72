import type { EngineEffect } from '#shared/sync/engine/effects.ts';
import type { EngineEvent } from '#shared/sync/engine/events.ts';
import type { Failure, FailureKind } from '#shared/sync/engine/failure.ts';
import { nextBatch, type OutboxFact, undeliveredCount } from '#shared/sync/engine/plan.ts';
import {
  type EngineState,
  type InitialState,
  initialState,
  type TimerName,
} from '#shared/sync/engine/state.ts';
import { step } from '#shared/sync/engine/step.ts';

type Asking = Extract<EngineEffect, { effect: number }>;
type WorldFact = { event: { id: string; stream: string }; state: OutboxFact['state'] };

export const aFailure = (kind: FailureKind, more: Partial<Failure> = {}): Failure => ({
  kind,
  code: `sync.${kind}`,
  message: kind,
  ...(kind === 'otherEpoch' && { epoch: 'epoch-2' }),
  ...more,
});

/** The engine's core in a world of its own: time passes when it is told to, and every answer is the test's. */
export class EngineWorld {
  state: EngineState;
  nowMs = Date.UTC(2026, 4, 4, 8);
  monotonicMs = 1_000;
  random = 0.5;
  /** Under way and not given up. */
  readonly underWay = new Map<number, Asking>();
  readonly timers = new Map<TimerName, { id: number; atMs: number }>();
  /** Everything that was ever asked for. */
  readonly log: EngineEffect[] = [];
  readonly told: string[] = [];
  outbox: WorldFact[] = [];
  readonly accepted: string[] = [];
  blobs = 0;
  isDurable = true;
  #made = 0;

  constructor(about: Partial<InitialState> = {}) {
    const { nowMs, monotonicMs } = this;
    this.state = initialState({ hasLogin: true, nowMs, monotonicMs, ...about });
  }

  /** What the main lane does or waits for. */
  get at(): string {
    return this.state.main.at;
  }

  send(event: EngineEvent): EngineEffect[] {
    const { nowMs, monotonicMs, random } = this;
    const { state, effects } = step(this.state, event, { nowMs, monotonicMs, random });
    this.state = state;
    for (const effect of effects) this.#take(effect);
    return [...effects];
  }

  start(): this {
    this.send({ is: 'started' });
    return this;
  }

  write(stream = 'ticket/1'): string {
    const id = `fact-${++this.#made}`;
    this.outbox.push({ event: { id, stream }, state: 'waiting' });
    this.send({ is: 'work' });
    return id;
  }

  /** Time passes; no timer fires by itself. */
  pass(ms: number): this {
    this.nowMs += ms;
    this.monotonicMs += ms;
    return this;
  }

  /** The timer fires, at its time. */
  fire(name: TimerName): this {
    const timer = this.timers.get(name);
    if (timer === undefined) throw new Error(`No timer ${name} runs.`);
    this.pass(Math.max(0, timer.atMs - this.monotonicMs));
    this.timers.delete(name);
    this.send({ is: 'timer', name, id: timer.id });
    return this;
  }

  /** How long until it fires. */
  pauseOf(name: TimerName): number {
    return (this.timers.get(name)?.atMs ?? Number.NaN) - this.monotonicMs;
  }

  only(what: Asking['do']): Asking {
    const [found] = [...this.underWay.values()].filter((effect) => effect.do === what);
    if (found === undefined) throw new Error(`${what} is not under way; ${this.at}.`);
    return found;
  }

  has(what: Asking['do']): boolean {
    return [...this.underWay.values()].some((effect) => effect.do === what);
  }

  fail(what: Asking['do'], failure: Failure | FailureKind): this {
    const { effect } = this.only(what);
    this.underWay.delete(effect);
    this.send({ is: 'failed', effect, failure: typeof failure === 'string' ? aFailure(failure) : failure });
    return this;
  }

  /** The server could not read the batch of the push under way, or failed at it. */
  failBatch(failure: Failure, about: { count: number; stream: string }): this {
    const { effect } = this.only('push');
    this.underWay.delete(effect);
    this.send({ is: 'batchFailed', effect, failure, ...about });
    return this;
  }

  /** It goes well. */
  answer(what: Asking['do']): this {
    const asked = this.only(what);
    this.underWay.delete(asked.effect);
    this.send(this.#goodAnswer(asked));
    return this;
  }

  /** Everything goes well, until nothing is under way but the poke line. */
  settle(most = 200): this {
    for (let i = 0; i < most; i++) {
      const open = [...this.underWay.values()].find((effect) => effect.do !== 'openPokes');
      if (open === undefined) return this;
      this.answer(open.do);
    }
    throw new Error('It never comes to rest.');
  }

  reading() {
    const { nowMs, monotonicMs } = this;
    return { serverMs: nowMs + 5_000, wallMs: nowMs, sentMonotonicMs: monotonicMs - 40, monotonicMs };
  }

  #goodAnswer(asked: Asking): EngineEvent {
    const { effect } = asked;
    switch (asked.do) {
      case 'hello':
        return { is: 'helloed', effect, isOtherVersion: false, reading: this.reading() };
      case 'push': {
        const { turn, isHandingOver } = asked;
        const batch = nextBatch(this.outbox, { turn, isHandingOver, bytesOf: () => 500 });
        if (batch.length === 0)
          return { is: 'pushedAll', effect, undelivered: undeliveredCount(this.outbox) };
        return this.#judge(effect, batch);
      }
      case 'refreshLogin':
        return { is: 'refreshed', effect };
      case 'enterEpoch':
        return { is: 'enteredEpoch', effect };
      case 'becomeNewDevice':
        return { is: 'renewed', effect };
      case 'wipe':
        return { is: 'wiped', effect };
      case 'upload':
        if (this.blobs === 0) return { is: 'uploaded', effect, outcome: 'nothing' };
        this.blobs--;
        return { is: 'uploaded', effect, outcome: 'sent' };
      case 'openPokes':
      case 'cancel':
        return { is: 'pokesEnded', effect };
    }
  }

  #judge(effect: number, batch: readonly WorldFact[]): EngineEvent {
    const ids = new Set(batch.map(({ event }) => event.id));
    this.accepted.push(...ids);
    this.outbox = this.isDurable
      ? this.outbox.filter(({ event }) => !ids.has(event.id))
      : this.outbox.map((item) => (ids.has(item.event.id) ? { ...item, state: 'notDurable' } : item));
    return {
      is: 'pushed',
      effect,
      left: this.isDurable ? [] : [...ids],
      unjudged: [],
      reading: this.reading(),
    };
  }

  #take(effect: EngineEffect): void {
    this.log.push(effect);
    if (effect.do === 'setTimer')
      this.timers.set(effect.name, { id: effect.id, atMs: this.monotonicMs + effect.ms });
    else if (effect.do === 'clearTimer') this.timers.delete(effect.name);
    else if (effect.do === 'cancel') this.underWay.delete(effect.effect);
    else if (effect.do === 'tellPage') this.told.push(effect.reason);
    else if ('effect' in effect) this.underWay.set(effect.effect, effect);
  }
}
