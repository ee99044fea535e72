import { timingSafeEqual, createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HostError } from '#shared/host/errors.ts';

/** How the host may be addressed: by its own loopback names, nothing else (DNS rebinding). */
export function isOwnHost(request: IncomingMessage, port: number): boolean {
  return request.headers.host === `127.0.0.1:${port}` || request.headers.host === `localhost:${port}`;
}

/** Whether an upgrade comes from the page this host has served: scheme, name and port exactly. */
export function isOwnOrigin(request: IncomingMessage, port: number): boolean {
  const { origin, host } = request.headers;
  // The origin has to be the very name the request was sent to, not merely one of ours.
  return isOwnHost(request, port) && origin === `http://${host}`;
}

/** @throws HostError `host.badToken`, after the same time whatever was given. */
export function checkToken(given: string | undefined, expected: string): void {
  // Hashed first: the comparison wants equal lengths, and lengths are no secret this way.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given ?? ''), digest(expected))) {
    throw new HostError(
      'host.badToken',
      'This address belongs to an earlier run. Open the one that Faultline printed last.',
    );
  }
}
