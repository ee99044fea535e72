import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OidcConfigSchema, type OidcConfig } from '#server/auth/oidc/oidc-config.ts';
import type { LoginAnswer } from '#shared/sync/protocol.ts';
import { startIdentityProvider, type IdentityProvider } from '#test/support/identity-provider.ts';
import { ask, codeOf, DeviceKey, refreshAt, type ReadAnswer } from '#test/support/login-device.ts';
import { TestServer } from '#test/support/test-server.ts';

const MINUTE = 60_000;
const device = { name: 'laptop', platform: 'linux' };

/** A sign-in as a laptop sees it: it alone knows the verifier. */
interface Begun {
  readonly id: string;
  readonly url: string;
  readonly verifier: string;
}

describe('Signing in through an OpenID Connect provider', () => {
  let provider: IdentityProvider;
  let server: TestServer;
  let clock = Date.now();
  const lines: string[] = [];

  const oidcWith = (more: Partial<OidcConfig>): OidcConfig => ({
    issuer: provider.issuer,
    clientId: provider.clientId,
    clientSecret: provider.clientSecret,
    name: 'Company login',
    tenant: 'main',
    userClaim: 'preferred_username',
    ...more,
  });
  const allowRedirect = (): void => provider.allowRedirectTo(`${server.url}/v1/oidc/callback`);
  const restart = async (more: Partial<OidcConfig>): Promise<void> => {
    await server.restart({ oidc: oidcWith(more) });
    allowRedirect();
  };

  beforeAll(async () => {
    provider = await startIdentityProvider();
    server = await TestServer.start('PGlite', {
      demo: true,
      logLevel: 'trace',
      logTo: { write: (line: string) => void lines.push(line) },
      now: () => clock,
      oidc: oidcWith({}),
    });
    allowRedirect();
    const people = { 'subject-1': 'li.wei', 'subject-2': 'zhang.min', 'subject-3': 'nobody.here' };
    for (const [subject, name] of Object.entries(people)) {
      provider.people.set(subject, {
        preferred_username: name,
        name: `Name of ${name}`,
        email: `${name}@example.com`,
        email_verified: true,
      });
    }
  });
  afterAll(async () => {
    await server?.close();
    await provider?.stop();
  });

  const begin = async (): Promise<Begun> => {
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const { body } = await ask<{ id: string; url: string }>(server.url, 'POST', '/v1/oidc/begin', {
      challenge,
    });
    return { id: body.id, url: body.url, verifier };
  };
  const openPage = async (address: string): Promise<{ status: number; code: string; text: string }> => {
    const response = await fetch(address);
    const text = await response.text();
    const code = /<p class="code">([^<]+)</.exec(text)?.[1] ?? '';
    return { status: response.status, code, text };
  };
  const complete = (
    { id, verifier }: Pick<Begun, 'id' | 'verifier'>,
    code: string,
    more: object = {},
  ): Promise<ReadAnswer<LoginAnswer>> =>
    ask<LoginAnswer>(server.url, 'POST', '/v1/oidc/complete', { id, verifier, code, device, ...more });
  const signIn = async (subject: string): Promise<{ begun: Begun; code: string; back: string }> => {
    const begun = await begin();
    const back = await provider.signIn(begun.url, subject);
    return { begun, code: (await openPage(back)).code, back };
  };

  it('[SY59] says at hello that there is one, and how it is called', async () => {
    const { body } = await ask(server.url, 'GET', '/v1/hello');
    expect(body['login']).toEqual({ password: true, oidc: { name: 'Company login' } });
  });

  it('[SY59] signs somebody in: browser, code, login with tokens that can be refreshed', async () => {
    const begun = await begin();
    const address = new URL(begun.url);
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      state: expect.any(String),
      nonce: expect.any(String),
    });
    expect(codeOf(await complete(begun, 'ABCDEFGH'))).toEqual([409, 'auth.signInUnfinished']);
    const back = await provider.signIn(begun.url, 'subject-1');
    const page = await openPage(back);
    expect(page.status).toBe(200);
    expect(page.code).toMatch(/^[2-9A-HJKMNP-TW-Z]{4} [2-9A-HJKMNP-TW-Z]{4}$/);
    expect(page.text).not.toMatch(/<script|\son\w+=/i);
    const key = new DeviceKey();
    // Typed as people type: small letters, a space.
    const answer = await complete(begun, page.code.toLowerCase(), {
      device: { ...device, publicKey: key.publicKey },
    });
    expect([answer.status, answer.body.userId, answer.body.homeRegion]).toEqual([200, 'li.wei', 'sz']);
    const refreshed = await refreshAt(server.url, key, {
      device: answer.body.deviceId,
      refreshToken: answer.body.refreshToken!,
    });
    expect(refreshed.status).toBe(200);
    // Once: the same code again is worth nothing.
    expect(codeOf(await complete(begun, page.code))).toEqual([404, 'auth.noSignIn']);
  });

  it('[SY59] knows the account by the subject from then on, whatever the name becomes', async () => {
    const { begun, code } = await signIn('subject-1');
    expect((await complete(begun, code)).body.userId).toBe('li.wei');
    const before = provider.people.get('subject-1')!;
    provider.people.set('subject-1', { ...before, preferred_username: 'zhang.min' });
    const renamed = await signIn('subject-1');
    expect((await complete(renamed.begun, renamed.code)).body.userId).toBe('li.wei');
    provider.people.set('subject-1', before);
    // Somebody else who takes the name of a linked account does not get it.
    provider.people.set('subject-9', { preferred_username: 'li.wei' });
    const begun9 = await begin();
    const page = await openPage(await provider.signIn(begun9.url, 'subject-9'));
    expect([page.status, page.code]).toEqual([403, '']);
    expect(page.text).toContain('no account on this server');
  });

  it('[SY59] makes no account for a stranger, unless it is told to', async () => {
    const refused = await begin();
    const page = await openPage(await provider.signIn(refused.url, 'subject-3'));
    expect([page.status, page.code]).toEqual([403, '']);
    expect(codeOf(await complete(refused, 'ABCDEFGH'))).toEqual([404, 'auth.noSignIn']);
    await restart({ createUsers: { role: 'engineer', homeRegion: 'gz' } });
    const { begun, code } = await signIn('subject-3');
    expect((await complete(begun, code)).body).toMatchObject({
      userId: 'nobody.here',
      userName: 'Name of nobody.here',
      roles: ['engineer'],
      homeRegion: 'gz',
    });
    await restart({});
  });

  it('[SY59] takes an e-mail address only when it is verified and of an allowed domain', async () => {
    await restart({ userClaim: 'email', allowedDomains: ['example.com'] });
    const attempts: [string, object][] = [
      ['e1', { email: 'wang.fang@example.com' }],
      ['e2', { email: 'wang.fang@example.com', email_verified: 'true' }],
      ['e3', { email: 'wang.fang@evil.example', email_verified: true }],
      ['e4', { email: 'wang.fang@evil.example@example.com', email_verified: true }],
      ['e5', { email: 'wang.fang@sub.example.com', email_verified: true }],
    ];
    for (const [subject, claims] of attempts) {
      provider.people.set(subject, { ...claims });
      const begun = await begin();
      const page = await openPage(await provider.signIn(begun.url, subject));
      expect([subject, page.status, page.code]).toEqual([subject, 403, '']);
    }
    provider.people.set('e6', { email: 'wang.fang@Example.com', email_verified: true });
    const { begun, code } = await signIn('e6');
    expect((await complete(begun, code)).body.userId).toBe('wang.fang');
    await restart({});
    const config = { issuer: 'https://id.example', clientId: 'x', name: 'x', userClaim: 'email' as const };
    expect(OidcConfigSchema.safeParse(config).success).toBe(false);
    expect(OidcConfigSchema.safeParse({ ...config, allowedDomains: ['x.example'] }).success).toBe(true);
    const plain = { ...config, userClaim: 'sub' as const, issuer: 'http://id.example' };
    expect(OidcConfigSchema.safeParse(plain).success).toBe(false);
  });

  it('[SY59] takes an answer of the browser once, and only one that it asked for', async () => {
    const { begun, code, back } = await signIn('subject-2');
    // Replayed: the page comes without a code, and what was shown before still works.
    expect(await openPage(back)).toMatchObject({ status: 403, code: '' });
    const wrongState = new URL(back);
    wrongState.searchParams.set('state', randomBytes(32).toString('base64url'));
    expect(await openPage(wrongState.href)).toMatchObject({ status: 403, code: '' });
    expect(await openPage(`${server.url}/v1/oidc/callback`)).toMatchObject({ status: 403, code: '' });
    expect((await complete(begun, code)).status).toBe(200);
  });

  it('[SY59] trusts neither another nonce, nor another issuer, nor a code of another sign-in', async () => {
    const otherNonce = await begin();
    const asked = new URL(otherNonce.url);
    asked.searchParams.set('nonce', 'chosen-by-an-attacker');
    const back = await provider.signIn(asked.href, 'subject-2');
    const untrusted = { status: 403, code: '', text: expect.stringContaining('could not be trusted') };
    expect(await openPage(back)).toMatchObject(untrusted);

    const otherIssuer = await begin();
    const answered = new URL(await provider.signIn(otherIssuer.url, 'subject-2'));
    answered.searchParams.set('iss', 'https://evil.example');
    expect(await openPage(answered.href)).toMatchObject(untrusted);

    // The attacker's own code, put into the victim's sign-in.
    const [mine, theirs] = [await begin(), await begin()];
    const stolen = new URL(await provider.signIn(mine.url, 'subject-2'));
    stolen.searchParams.set('state', new URL(theirs.url).searchParams.get('state')!);
    expect(await openPage(stolen.href)).toMatchObject(untrusted);
    for (const begun of [otherNonce, otherIssuer, theirs])
      expect(codeOf(await complete(begun, 'ABCDEFGH'))).toEqual([404, 'auth.noSignIn']);
  });

  it('[SY59] is completed only by the laptop that began it, and by few tries', async () => {
    const { begun, code } = await signIn('subject-2');
    const attacker = randomBytes(32).toString('base64url');
    expect(codeOf(await complete({ ...begun, verifier: attacker }, code))).toEqual([404, 'auth.noSignIn']);
    // Somebody's own verifier with another laptop's id and code.
    const other = await begin();
    expect(codeOf(await complete({ id: begun.id, verifier: other.verifier }, code))).toEqual([
      404,
      'auth.noSignIn',
    ]);
    for (const id of ['x', '\u0000', '00000000-0000-4000-8000-000000000000'])
      expect(codeOf(await complete({ ...begun, id }, code))).toEqual([404, 'auth.noSignIn']);
    const wrong = code.startsWith('2') ? '3333 3333' : '2222 2222';
    for (let tries = 0; tries < 4; tries++)
      expect(codeOf(await complete(begun, wrong))).toEqual([401, 'auth.wrongCode']);
    // Neither the strangers' tries nor four typing errors spoil it; two completions at once are one.
    const both = await Promise.all([complete(begun, code), complete(begun, code)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 404]);

    const guessed = await signIn('subject-2');
    for (let tries = 0; tries < 5; tries++) await complete(guessed.begun, wrong);
    expect(codeOf(await complete(guessed.begun, guessed.code))).toEqual([404, 'auth.noSignIn']);
  });

  it('[SY59] answers whatever comes with a documented refusal, and stays up', async () => {
    const begun = await begin();
    const word = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 130 }),
      fc.constantFrom(begun.id, begun.verifier, 'ABCDEFGH', '\u0000', 'x'.repeat(43)),
    );
    const body = fc.record({
      id: word,
      verifier: word,
      code: word,
      challenge: word,
      tenant: word,
      device: fc.constant(device),
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('begin', 'complete'), body, async (step, words) => {
        const answer = await ask(server.url, 'POST', `/v1/oidc/${step}`, words);
        expect([200, 400, 404, 409]).toContain(answer.status);
        if (answer.status === 200) expect(answer.body).toHaveProperty('url');
        else expect(answer.body).toMatchObject({ code: expect.stringMatching(/^(auth|http)\./) });
      }),
      { numRuns: 80 },
    );
    const query = fc.array(fc.tuple(fc.constantFrom('state', 'code', 'iss', 'error', 'x'), word), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(query, async (pairs) => {
        const parameters = pairs.map(
          ([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`,
        );
        const page = await openPage(`${server.url}/v1/oidc/callback?${parameters.join('&')}`);
        expect([page.status, page.code]).toEqual([403, '']);
      }),
      { numRuns: 80 },
    );
    expect((await fetch(`${server.url}/v1/oidc/callback?state=%00%ff%&code=%`)).status).toBe(403);
  });

  it('[SY59] lasts ten minutes', async () => {
    const { begun, code } = await signIn('subject-2');
    const late = await begin();
    const back = await provider.signIn(late.url, 'subject-2');
    clock += 10 * MINUTE;
    expect(codeOf(await complete(begun, code))).toEqual([404, 'auth.noSignIn']);
    expect(await openPage(back)).toMatchObject({ status: 403, code: '' });
  });

  it('[SY59] tells that the sign-in was declined, and ends it', async () => {
    const begun = await begin();
    const state = new URL(begun.url).searchParams.get('state')!;
    const declined = `${server.url}/v1/oidc/callback?error=access_denied&state=${state}`;
    const page = await openPage(declined);
    expect([page.status, page.text.includes('declined')]).toEqual([403, true]);
    expect(codeOf(await complete(begun, 'ABCDEFGH'))).toEqual([404, 'auth.noSignIn']);
  });

  it('[SY59] says so when the provider does not answer, and goes on when it does', async () => {
    await restart({});
    const challenge = createHash('sha256').update('x').digest('base64url');
    await provider.down();
    const down = await ask(server.url, 'POST', '/v1/oidc/begin', { challenge });
    expect(codeOf(down)).toEqual([503, 'auth.providerDown']);
    await provider.up();
    const begun = await begin();
    const back = await provider.signIn(begun.url, 'subject-2');
    await provider.down();
    expect(await openPage(back)).toMatchObject({ status: 503, code: '' });
    await provider.up();
    const { begun: again, code } = await signIn('subject-2');
    expect((await complete(again, code)).status).toBe(200);
  });

  it('[SY59] does not begin with a provider that calls itself otherwise, nor for another tenant', async () => {
    const challenge = createHash('sha256').update('x').digest('base64url');
    const other = await ask(server.url, 'POST', '/v1/oidc/begin', { challenge, tenant: 'other' });
    expect(codeOf(other)).toEqual([404, 'auth.noProvider']);
    await restart({ issuer: provider.issuer.replace('127.0.0.1', 'localhost') });
    const answer = await ask(server.url, 'POST', '/v1/oidc/begin', { challenge });
    expect(codeOf(answer)).toEqual([503, 'auth.providerDown']);
    await restart({});
  });

  it('[SY58] writes neither the provider’s codes nor the client’s secret nor the short code into the log', async () => {
    const { begun, code, back } = await signIn('subject-2');
    const log = lines.join('');
    expect(log).toContain('/v1/oidc/begin');
    const parameters = new URL(back).searchParams;
    for (const secret of [
      parameters.get('code')!,
      parameters.get('state')!,
      provider.clientSecret,
      code,
      begun.verifier,
    ])
      expect(log).not.toContain(secret);
  });
});

describe('A server without a provider', () => {
  it('[SY59] says so', async () => {
    const server = await TestServer.start('PGlite', { demo: true });
    try {
      const challenge = createHash('sha256').update('x').digest('base64url');
      const answer = await ask(server.url, 'POST', '/v1/oidc/begin', { challenge });
      expect(codeOf(answer)).toEqual([404, 'auth.noProvider']);
      expect((await fetch(`${server.url}/v1/oidc/callback?state=x`)).status).toBe(404);
    } finally {
      await server.close();
    }
  }, 60_000);
});
