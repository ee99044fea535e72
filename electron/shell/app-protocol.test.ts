import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveInside } from '../services/pages/resolve-inside.ts';
import { APP_SCHEME_PRIVILEGES, createAppProtocol } from './app-protocol.ts';

describe('the app:// handler', () => {
  let folder: string;
  let root: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'faultline-protocol-'));
    root = path.join(folder, 'renderer');
    mkdirSync(path.join(root, 'assets'), { recursive: true });
    mkdirSync(`${root}-other`);
    writeFileSync(path.join(root, 'index.html'), '<meta name="nonce" content="__CSP_NONCE__">');
    writeFileSync(path.join(root, 'assets', 'a.js'), 'export {}');
    writeFileSync(path.join(root, 'assets', 'secret.key'), 'k');
    writeFileSync(path.join(folder, 'main.js'), 'secret');
    writeFileSync(path.join(`${root}-other`, 'b.js'), 'secret');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const get = (url: string, method = 'GET') =>
    createAppProtocol({
      root,
      made: { '/made.html': (_url, nonce) => ({ type: 'text/html', body: nonce }) },
    })({ url, method });

  it('serves the page with a policy whose nonce stands in the page, new each time', async () => {
    const first = await get('app://faultline/index.html');
    const nonce = /'nonce-([^']+)'/.exec(first.headers.get('content-security-policy') ?? '')?.[1];
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(await first.text()).toBe(`<meta name="nonce" content="${nonce}">`);
    expect(await (await get('app://faultline/')).text()).not.toContain(nonce);
  });

  it('has this policy', async () => {
    const policy = (await get('app://faultline/assets/a.js')).headers.get('content-security-policy') ?? '';
    expect(policy.replace(/nonce-[^']+/, 'nonce-N')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; img-src 'self' blob: data:; " +
        "font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  });

  it('knows the kind of what it serves and forbids guessing', async () => {
    const { headers, status } = await get('app://faultline/assets/a.js');
    expect([status, headers.get('content-type'), headers.get('x-content-type-options')]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'nosniff',
    ]);
  });

  it('answers a place inside the application with the page', async () => {
    expect((await get('app://faultline/tickets/SZ03-1')).headers.get('content-type')).toMatch(/^text\/html/);
  });

  it('makes a page on the spot', async () => {
    expect((await get('app://faultline/made.html')).status).toBe(200);
  });

  it.each([
    ['app://faultline/..%2fmain.js'],
    ['app://faultline/assets/..%2f..%2fmain.js'],
    ['app://faultline/%2e%2e/main.js'],
    ['app://faultline/..%2frenderer-other/b.js'],
    ['app://faultline/..%5cmain.js'],
    ['app://faultline/%00.js'],
    ['app://faultline/%zz.js'],
    ['app://faultline//etc/hosts.txt'],
    ['app://faultline/assets/secret.key'],
    ['app://faultline/missing.js'],
    ['app://other/index.html'],
    ['app://faultline@other/index.html'],
  ])('refuses %s', async (url) => {
    const response = await get(url);
    expect([response.status, await response.text()]).toEqual([404, 'Not found']);
  });

  it.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('refuses %s', async (method) => {
    expect((await get('app://faultline/index.html', method)).status).toBe(405);
  });

  it('resolves nothing outside its folder', () => {
    expect(resolveInside('/r/renderer', '/assets/a.js')).toBe(path.resolve('/r/renderer/assets/a.js'));
    expect(resolveInside('/r/renderer', '/..%2frenderer-other/b.js')).toBeUndefined();
  });

  it('asks for no more privileges than these', () => {
    expect(APP_SCHEME_PRIVILEGES).toEqual({
      scheme: 'app',
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    });
  });
});
