import { HostError } from '#shared/host/errors.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The server's address in one form: origin and path, without a slash at the end.
 * @throws HostError `app.badUrl`: passwords and facts leave this computer over TLS or not at all.
 */
export function parseServerUrl(text: string): string {
  const trimmed = text.trim();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (!URL.canParse(withScheme))
    throw badUrl('This is no address of a server. It looks like https://faultline.example.com.');
  const url = new URL(withScheme);
  if (url.username !== '' || url.password !== '') throw badUrl('Leave user and password out of the address.');
  const isPlain = url.protocol === 'http:' && LOOPBACK.has(url.hostname);
  if (url.protocol !== 'https:' && !isPlain) {
    throw badUrl('The address has to begin with https://, so that nobody on the way can read along.');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function badUrl(message: string): HostError {
  return new HostError('app.badUrl', message);
}
