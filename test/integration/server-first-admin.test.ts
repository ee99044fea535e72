import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startServer, type ServerOptions } from '#server/start.ts';
import type { LoginAnswer } from '#shared/sync/protocol.ts';
import { placeEmptyDatabase } from '#test/support/empty-database.ts';
import { ask, logInAt, type ReadAnswer } from '#test/support/login-device.ts';
import { TestServer } from '#test/support/test-server.ts';

const MINUTE = 60_000;

describe('A server that nobody can enter yet', () => {
  const form = (url: string, fields: Record<string, string>): Promise<Response> =>
    fetch(`${url}/v1/first-admin`, { method: 'POST', body: new URLSearchParams(fields) });

  it('[SY57] gives out a link that makes the first administrator, once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-login-'));
    const lines: string[] = [];
    const clock = Date.now();
    const options: ServerOptions = {
      data: folder,
      logLevel: 'trace',
      logTo: { write: (line: string) => void lines.push(line) },
      now: () => clock,
    };
    try {
      await placeEmptyDatabase(folder);
      const earlier = await startServer(options);
      const earlierUrl = earlier.firstAdminUrl!;
      await earlier.close();
      const server = await startServer(options);
      const url = server.firstAdminUrl!;
      const token = /^http:\/\/127\.0\.0\.1:\d+\/v1\/first-admin\/([A-Za-z0-9_-]{43})$/.exec(url)![1]!;
      const old = await fetch(`${server.url}${new URL(earlierUrl).pathname}`);
      expect(old.status).toBe(410);

      const page = await fetch(url, { headers: { 'accept-language': 'zh-CN,zh;q=0.9' } });
      expect(page.status).toBe(200);
      expect(page.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
      expect(page.headers.get('referrer-policy')).toBe('no-referrer');
      const text = await page.text();
      expect(text).toContain('首位管理员');
      expect(text).not.toMatch(/<script|\son\w+=|javascript:/i);

      const password = 'a long password';
      const fields = { token, name: 'Ada <b>', password, again: password };
      for (const [changed, said] of [
        [{ again: 'another one' }, 'The two passwords differ'],
        [{ password: 'short', again: 'short' }, 'at least 10'],
        [{ name: ' ' }, 'Enter your name'],
      ] as const) {
        const answer = await form(server.url, { ...fields, ...changed });
        const html = await answer.text();
        expect([answer.status, html.includes(said)]).toEqual([422, true]);
        expect(html).not.toContain('<b>');
        expect(html).not.toContain(password);
      }
      expect((await form(server.url, { ...fields, token: 'x'.repeat(43) })).status).toBe(410);
      const both = await Promise.all([form(server.url, fields), form(server.url, fields)]);
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 410]);
      expect((await fetch(url)).status).toBe(410);
      const { body } = await logInAt(server.url, { user: 'admin', password });
      expect(body).toMatchObject({ userName: 'Ada <b>', roles: ['admin'] } satisfies Partial<LoginAnswer>);
      await server.close();

      const later = await startServer(options);
      expect(later.firstAdminUrl).toBeUndefined();
      await later.close();
      expect(lines.join('')).toContain('/v1/first-admin');
      expect(lines.join('')).not.toContain(token);
      expect(lines.join('')).not.toContain(password);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('[SY57] lets the link expire after a day, and never gives away an account that was made meanwhile', async () => {
    let clock = Date.now();
    const server = await TestServer.start('PGlite', { now: () => clock });
    try {
      const token = server.running.firstAdminUrl!.split('/').at(-1)!;
      const fields = { token, name: 'A', password: 'a long password', again: 'a long password' };
      clock += 24 * 60 * MINUTE;
      expect((await fetch(server.running.firstAdminUrl!)).status).toBe(410);
      expect((await form(server.url, fields)).status).toBe(410);
      clock -= MINUTE;
      await server.addAccount({
        id: 'admin',
        name: 'A',
        password: 'mine',
        roles: ['admin'],
        homeRegion: 'main',
      });
      expect((await form(server.url, fields)).status).toBe(410);
      expect((await logInAt(server.url, { user: 'admin', password: 'mine' })).status).toBe(200);
    } finally {
      await server.close();
    }
  }, 120_000);
});

describe('A client that asks without end', () => {
  it('[SY56] is told to wait, by token and by address, while others go on', async () => {
    const server = await TestServer.start('PGlite', {
      demo: true,
      rateLimits: { perToken: 20, perAddress: 90, perAddressWithoutToken: 30 },
    });
    try {
      const tokens = [];
      for (const user of ['li.wei', 'zhang.min', 'wang.fang'])
        tokens.push((await logInAt(server.url, { user })).body.token);
      const many = async (count: number, token?: string) => {
        const headers: Record<string, string> =
          token === undefined ? {} : { authorization: `Bearer ${token}` };
        const path = token === undefined ? '/v1/hello' : '/v1/bootstrap';
        const answers = [];
        for (let n = 0; n < count; n++) answers.push(await ask(server.url, 'GET', path, undefined, headers));
        return answers;
      };
      const statuses = (answers: ReadAnswer[]): number[] => answers.map(({ status }) => status);
      const wild = await many(25, tokens[0]);
      expect(statuses(wild)).toEqual([...Array(20).fill(200), ...Array(5).fill(429)]);
      expect(wild[24]!.body['code']).toBe('http.tooManyRequests');
      expect(Number(wild[24]!.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(statuses(await many(10, tokens[1]))).toEqual(Array(10).fill(200));
      // The three logins count as requests without a token.
      expect(statuses(await many(30))).toEqual([...Array(27).fill(200), ...Array(3).fill(429)]);
      const rest = statuses(await many(30, tokens[2]));
      expect(rest.slice(0, 20)).toEqual(Array(20).fill(200));
      expect(rest.slice(22)).toEqual(Array(8).fill(429));
    } finally {
      await server.close();
    }
  }, 120_000);
});
