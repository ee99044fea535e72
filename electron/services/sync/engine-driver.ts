import type { EngineEffect } from '#shared/sync/engine/effects.ts';
import type { EngineEvent, Moment } from '#shared/sync/engine/events.ts';
import type { EngineState, TimerName } from '#shared/sync/engine/state.ts';
import { step } from '#shared/sync/engine/step.ts';
import type { Timers } from './engine-ports.ts';

/** An effect that somebody outside has to do, answered by an event. */
export type AskingEffect = Extract<EngineEffect, { effect: number }>;
/** An effect that is done at once. */
export type TellingEffect = Extract<EngineEffect, { do: 'tellPage' | 'noteRevoked' | 'noteClock' }>;

export interface DriverOptions {
  readonly initial: EngineState;
  readonly timers: Timers;
  readonly moment: () => Moment;
  /** Does what an effect asks for. Never rejects: a failure is an event too. `undefined` when nothing is to be said any more. */
  readonly perform: (
    effect: Exclude<AskingEffect, { do: 'cancel' }>,
    signal: AbortSignal,
  ) => Promise<EngineEvent | undefined>;
  readonly tell: (effect: TellingEffect) => void;
  readonly onChange: (state: EngineState) => void;
  /** A fault of the engine itself. */
  readonly onFault: (thrown: unknown) => void;
}

/** Changing the identity closes the engine itself: to wait for it then would be to wait for oneself. */
const OUTLIVES_CLOSE: ReadonlySet<string> = new Set(['wipe', 'becomeNewDevice']);

/**
 * Holds the engine's state and does what it asks for. Events are handled one after the other, also those that come while one
 * is being handled; nothing in here decides anything.
 */
export class EngineDriver {
  readonly #options: DriverOptions;
  readonly #underWay = new Map<number, { stop: AbortController; done: Promise<void>; what: string }>();
  readonly #timers = new Map<TimerName, () => void>();
  readonly #queue: EngineEvent[] = [];
  #state: EngineState;
  #isHandling = false;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#state = options.initial;
  }

  get state(): EngineState {
    return this.#state;
  }

  dispatch(event: EngineEvent): void {
    this.#queue.push(event);
    if (this.#isHandling) return;
    this.#isHandling = true;
    const before = this.#state;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#handle(next);
    } finally {
      this.#isHandling = false;
    }
    if (this.#state !== before) this.#options.onChange(this.#state);
  }

  /** Waits until what was under way has ended; not for longer than `ms`. */
  async settled(ms: number): Promise<void> {
    const open = [...this.#underWay.values()].filter(({ what }) => !OUTLIVES_CLOSE.has(what));
    if (open.length === 0) return;
    let giveUp = (): void => undefined;
    const tooLong = new Promise<void>((resolve) => {
      giveUp = this.#options.timers.set(ms, resolve);
    });
    await Promise.race([Promise.all(open.map(({ done }) => done)), tooLong]);
    giveUp();
  }

  #handle(event: EngineEvent): void {
    try {
      const { state, effects } = step(this.#state, event, this.#options.moment());
      this.#state = state;
      for (const effect of effects) this.#run(effect);
    } catch (thrown) {
      // The watchdog finds what this has left undone.
      this.#options.onFault(thrown);
    }
  }

  #run(effect: EngineEffect): void {
    switch (effect.do) {
      case 'cancel':
        this.#underWay.get(effect.effect)?.stop.abort();
        return;
      case 'setTimer': {
        const { name, id, ms } = effect;
        this.#timers.get(name)?.();
        this.#timers.set(
          name,
          this.#options.timers.set(ms, () => this.dispatch({ is: 'timer', name, id })),
        );
        return;
      }
      case 'clearTimer':
        this.#timers.get(effect.name)?.();
        this.#timers.delete(effect.name);
        return;
      case 'tellPage':
      case 'noteRevoked':
      case 'noteClock':
        this.#options.tell(effect);
        return;
      default:
        this.#begin(effect);
    }
  }

  #begin(effect: Exclude<AskingEffect, { do: 'cancel' }>): void {
    const stop = new AbortController();
    const done = this.#options
      .perform(effect, stop.signal)
      .then((event) => {
        this.#underWay.delete(effect.effect);
        if (event !== undefined && !stop.signal.aborted) this.dispatch(event);
      })
      .catch(this.#options.onFault);
    this.#underWay.set(effect.effect, { stop, done, what: effect.do });
  }
}
