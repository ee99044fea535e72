import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '#test/support/tcp-proxy.ts';
import { Listening } from './listening.ts';

vi.setConfig({ testTimeout: 30_000 });

describe('listening to other servers', () => {
  let postgres: Postgres;
  let proxy: TcpProxy;
  const open: { stop(): Promise<void> }[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
    proxy = await startTcpProxy(postgres.url.replace('postgres:', 'http:'));
  }, 60_000);
  afterAll(async () => {
    for (const one of open) await one.stop();
    await proxy.close();
    await postgres.stop();
  });

  /** Each listens through a line of its own, which a test can break. */
  function listen(channel: string, askMs?: number) {
    const url = new URL(postgres.url);
    url.port = String(proxy.port);
    const lost: string[] = [];
    const heard: string[] = [];
    let gaps = 0;
    const listening = new Listening(url.href, channel, ({ message }) => lost.push(message), askMs);
    open.push(listening);
    listening.start(
      (payload) => heard.push(payload),
      () => gaps++,
    );
    return { listening, lost, heard, gaps: () => gaps };
  }

  async function ask(sql: string): Promise<unknown[]> {
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  const tell = (channel: string, payload: string): Promise<unknown> =>
    ask(`SELECT pg_notify('${channel}', '${payload}')`);

  it('[SY17] hears again after its connection was ended, and says that something may have gone unheard', async () => {
    const { lost, heard, gaps } = listen('ended');
    await vi.waitFor(async () => {
      await tell('ended', 'first');
      expect(heard).toContain('first');
    });
    expect(gaps()).toBe(0);
    await ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN ended'`);
    await vi.waitFor(() => expect(gaps()).toBe(1), 10_000);
    expect(lost).toHaveLength(1);
    await tell('ended', 'second');
    await vi.waitFor(() => expect(heard).toContain('second'));
  });

  it('[SY17] finds out by itself that a line is dead on which nothing ever comes', async () => {
    const { lost, heard, gaps } = listen('dead', 200);
    await vi.waitFor(async () => {
      await tell('dead', 'first');
      expect(heard).toContain('first');
    });
    proxy.set({ k: 'halfOpen' });
    await vi.waitFor(() => expect(lost.length).toBeGreaterThan(0), 10_000);
    proxy.set({ k: 'open' });
    proxy.resetAll();
    await vi.waitFor(() => expect(gaps()).toBeGreaterThan(0), 15_000);
    await tell('dead', 'second');
    await vi.waitFor(() => expect(heard).toContain('second'));
  });

  it('[SY17] says so too when it could not listen at first, and ends over a dead line', async () => {
    proxy.set({ k: 'refused' });
    const { listening, lost, gaps } = listen('late', 200);
    await vi.waitFor(() => expect(lost.length).toBeGreaterThan(0), 10_000);
    expect(gaps()).toBe(0);
    proxy.set({ k: 'open' });
    await vi.waitFor(() => expect(gaps()).toBe(1), 10_000);
    proxy.set({ k: 'halfOpen' });
    await listening.stop();
    proxy.set({ k: 'open' });
    proxy.resetAll();
  });

  it('[SY17] leaves no connection behind that could not listen', async () => {
    const { lost } = listen('no channel');
    await vi.waitFor(() => expect(lost.length).toBeGreaterThan(1), 10_000);
    await vi.waitFor(async () => {
      const left = await ask(`SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN no%'`);
      expect(left.length).toBeLessThan(2);
    }, 10_000);
  });
});
