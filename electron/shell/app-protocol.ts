import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CustomScheme } from 'electron';
import { contentSecurityPolicy, NONCE_PLACEHOLDER } from '#shared/host/content-security-policy.ts';
import { APP_SCHEME } from '#shared/host/origin.ts';
import { MIME_TYPES } from '../services/pages/mime-types.ts';
import { resolveInside } from '../services/pages/resolve-inside.ts';
import { isAppUrl } from './addresses.ts';

/**
 * `standard` gives the page an origin, and with it IndexedDB; `codeCache` lets
 * V8 keep the bytecode of our bundle. Not `bypassCSP`, `corsEnabled` or
 * `allowServiceWorkers`: nobody else's page needs ours.
 */
export const APP_SCHEME_PRIVILEGES: CustomScheme = {
  scheme: APP_SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
};

export interface AppFiles {
  /** The folder with index.html, absolute. Nothing outside it is ever read. */
  readonly root: string;
  /** Pages made on the spot, by path; `nonce` is the one of this answer's policy. */
  readonly made?: Readonly<Record<string, (url: URL, nonce: string) => { type: string; body: string }>>;
}

/**
 * The handler behind `app://faultline`: GET only, our host only, files of known
 * kinds inside `root` only. A path without an extension is a place inside the
 * application and gets index.html. It answers every request and never throws.
 */
export function createAppProtocol(
  files: AppFiles,
): (request: Pick<Request, 'method' | 'url'>) => Promise<Response> {
  return async ({ method, url: address }) => {
    if (!isAppUrl(address)) return refusal(404, 'Not found');
    if (method !== 'GET') return refusal(405, 'Only GET');
    const url = new URL(address);
    const nonce = randomBytes(16).toString('base64');
    const made = Object.hasOwn(files.made ?? {}, url.pathname) ? files.made?.[url.pathname] : undefined;
    if (made !== undefined) {
      const { type, body } = made(url, nonce);
      return answer(body, type, nonce);
    }
    const target = resolveInside(files.root, url.pathname);
    if (target === undefined) return refusal(404, 'Not found');
    const type = MIME_TYPES[path.extname(target).toLowerCase()];
    if (type === undefined) return refusal(404, 'Not found');
    const content = await readFile(target).catch(() => undefined);
    if (content === undefined) return refusal(404, 'Not found');
    return path.extname(target) === '.html'
      ? answer(content.toString('utf8').replaceAll(NONCE_PLACEHOLDER, nonce), type, nonce)
      : answer(new Uint8Array(content), type, nonce);
  };
}

function answer(body: string | Uint8Array<ArrayBuffer>, type: string, nonce: string): Response {
  return new Response(body, {
    headers: {
      'content-type': type,
      // Workers get their policy from their own script's answer, so every answer carries it.
      'content-security-policy': contentSecurityPolicy(nonce),
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    },
  });
}

function refusal(status: number, text: string): Response {
  return new Response(text, {
    status,
    headers: { 'content-type': 'text/plain', 'content-security-policy': "default-src 'none'" },
  });
}
