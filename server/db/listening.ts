import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** A line that says nothing may be dead without anybody being told: it is asked so often, and has so long to answer. */
const ASK_MS = 30_000;
const ANSWER_MS = 10_000;
const AGAIN_MS = 1_000;
const STOP_MS = 2_000;

/** One connection of its own that listens on a channel, and comes back when it was lost. */
export class Listening {
  readonly #url: string;
  readonly #channel: string;
  readonly #onLost: (error: Error) => void;
  readonly #askMs: number;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Since a moment in which it did not listen nobody was told of a gap. */
  #mayHaveMissed = false;
  #isStopped = false;

  /** @param onLost hears why a connection was lost or could not be made. */
  constructor(url: string, channel: string, onLost: (error: Error) => void, askMs = ASK_MS) {
    this.#url = url;
    this.#channel = channel;
    this.#onLost = onLost;
    this.#askMs = askMs;
  }

  /** @param onGap called when it listens again: what was told meanwhile nobody has heard. */
  start(listener: (payload: string) => void, onGap: () => void): void {
    const client = new Client({
      connectionString: this.#url,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: Math.min(ANSWER_MS, this.#askMs),
    });
    this.#client = client;
    const lost = (error: Error): void => {
      if (this.#isStopped || this.#client !== client) return;
      this.#client = undefined;
      this.#mayHaveMissed = true;
      this.#onLost(error);
      // One that connected and could not listen would stay open otherwise; of one that is dead there is nothing to hear.
      void endQuietly(client);
      this.#timer = setTimeout(() => this.start(listener, onGap), AGAIN_MS);
    };
    const ask = (): void => {
      this.#timer = setTimeout(() => void client.query('SELECT 1').then(ask, lost), this.#askMs);
    };
    client.on('error', lost);
    client.on('end', () => lost(new Error('The listening connection to PostgreSQL ended.')));
    client.on('notification', ({ payload }) => listener(payload ?? ''));
    client
      .connect()
      .then(() => client.query(`LISTEN ${this.#channel}`))
      .then(() => {
        if (this.#isStopped) return;
        if (this.#mayHaveMissed) onGap();
        this.#mayHaveMissed = false;
        ask();
      })
      .catch(lost);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    if (this.#client === undefined) return;
    // Over a line that is dead the farewell is never answered.
    const waited = new AbortController();
    const enough = sleep(STOP_MS, undefined, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([endQuietly(this.#client), enough]);
    waited.abort();
  }
}

async function endQuietly(client: Client): Promise<void> {
  await client.end().catch(() => undefined);
}
