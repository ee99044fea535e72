import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { contentSecurityPolicy, NONCE_PLACEHOLDER } from '#shared/host/content-security-policy.ts';
import { MIME_TYPES } from '../pages/mime-types.ts';
import { resolveInside } from '../pages/resolve-inside.ts';

/**
 * Answers requests for the page's files: GET and HEAD only, files of known
 * kinds inside `root` only, every answer under the policy of the page.
 * @param root the built renderer, absolute.
 * @param socketOrigin the address of the one WebSocket the page may open.
 */
export function createPageFiles(root: string, socketOrigin: string) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, 405, 'Only GET and HEAD.', { allow: 'GET, HEAD' });
      return;
    }
    const target = resolveInside(root, pathOf(request.url ?? '/'));
    const type = target === undefined ? undefined : MIME_TYPES[path.extname(target).toLowerCase()];
    const content =
      target === undefined || type === undefined ? undefined : await readFile(target).catch(() => undefined);
    if (target === undefined || type === undefined || content === undefined) {
      refuse(response, 404, 'Not found.');
      return;
    }
    const nonce = randomBytes(16).toString('base64');
    const body =
      path.extname(target) === '.html'
        ? Buffer.from(content.toString('utf8').replaceAll(NONCE_PLACEHOLDER, nonce))
        : content;
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-security-policy': contentSecurityPolicy(nonce, [socketOrigin]),
      'content-type': type,
      'content-length': body.length,
      // Names of built files carry their content's hash; the page itself has a new nonce each time.
      'cache-control': target.includes(`${path.sep}assets${path.sep}`)
        ? 'private, max-age=31536000, immutable'
        : 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
}

/** On every answer. No CORS header ever: nobody else's page may read ours. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

/** Answers that nothing is to be had here. */
export function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'content-security-policy': "default-src 'none'",
    'content-type': 'text/plain; charset=utf-8',
    connection: 'close',
    ...headers,
  });
  response.end(`${text}\n`);
}

/** The path of a request target, without query; kept raw, because parsing would hide a `..` that was there. */
function pathOf(target: string): string {
  return target.split(/[?#]/, 1)[0] ?? '/';
}
