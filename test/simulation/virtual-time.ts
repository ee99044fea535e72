import type { Clock } from '#electron/services/journal/clock.ts';

/** The true time of a simulated world, milliseconds since 1970. */
export class VirtualTime {
  ms = Date.UTC(2026, 4, 4, 1, 0, 0);
}

/** What one laptop believes the time to be: off by a skew, running a little fast or slow, and set anew at times. */
export class DeviceClock implements Clock {
  bootId: string;
  readonly #time: VirtualTime;
  readonly #name: string;
  readonly #rate: number;
  readonly #startedMs: number;
  #skewMs: number;
  #bootedMs: number;
  #boots = 1;

  /** @param rate of the quartz: 1 is true. */
  constructor(time: VirtualTime, name: string, skewMs: number, rate: number) {
    this.#time = time;
    this.#name = name;
    this.#rate = rate;
    this.#skewMs = skewMs;
    this.#startedMs = time.ms;
    this.#bootedMs = time.ms;
    this.bootId = `${name}-boot-1`;
  }

  nowMs(): number {
    return Math.round(this.#startedMs + (this.#time.ms - this.#startedMs) * this.#rate + this.#skewMs);
  }

  monotonicMs(): number {
    return (this.#time.ms - this.#bootedMs) * this.#rate;
  }

  timeZone(): string {
    return 'Asia/Shanghai';
  }

  /** Somebody, or the network, sets the clock: it is off by this much from now on. */
  set(skewMs: number): void {
    this.#skewMs = skewMs;
  }

  reboot(): void {
    this.#bootedMs = this.#time.ms;
    this.bootId = `${this.#name}-boot-${++this.#boots}`;
  }
}
