import { Problem } from '../http/problem.ts';

export interface QueueLimits {
  /** Pushes of one tenant that run at once: fewer than the database has connections, so that pulls get through. */
  readonly running: number;
  /** Pushes of one tenant that wait for their turn. */
  readonly waiting: number;
}
export const PUSH_QUEUE: QueueLimits = { running: 8, waiting: 64 };

/** Seconds after which a laptop that was turned away comes again; it adds its own jitter. */
const RETRY_AFTER_S = 3;

interface Tenant {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Lets so many pushes of a tenant run at once, so many more wait in their order, and turns the rest away: a queue
 * that grows without end answers nobody, and laptops keep what was not answered.
 */
export class PushQueue {
  readonly #limits: QueueLimits;
  readonly #tenants = new Map<string, Tenant>();

  constructor(limits: QueueLimits = PUSH_QUEUE) {
    this.#limits = limits;
  }

  /**
   * @param work hears whether it had to wait: what was known of who asks may have changed since.
   * @throws Problem 503 `server.busy` when too many wait already.
   */
  async run<T>(name: string, work: (hasWaited: boolean) => Promise<T>): Promise<T> {
    const tenant = this.#tenants.get(name) ?? { running: 0, waiting: [] };
    this.#tenants.set(name, tenant);
    const hasToWait = tenant.running >= this.#limits.running;
    if (hasToWait) await this.#turn(tenant);
    else tenant.running++;
    try {
      return await work(hasToWait);
    } finally {
      const next = tenant.waiting.shift();
      // The place goes from hand to hand: nobody who comes later takes it first.
      if (next !== undefined) next();
      else if (--tenant.running === 0) this.#tenants.delete(name);
    }
  }

  #turn(tenant: Tenant): Promise<void> {
    if (tenant.waiting.length >= this.#limits.waiting) {
      throw new Problem(
        503,
        'server.busy',
        'The server has more to take in than it can for the moment. Everything stays on this laptop and is sent again soon.',
        RETRY_AFTER_S,
      );
    }
    return new Promise((resolve) => tenant.waiting.push(resolve));
  }
}
