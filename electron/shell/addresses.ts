import { APP_HOST, APP_SCHEME } from '#shared/host/origin.ts';

/**
 * Says whether an address belongs to our page. Only the parsed address
 * decides: `app://faultline@evil` and `app://faultline.evil` begin like ours.
 */
export function isAppUrl(address: string): boolean {
  // `origin` is the string "null" for schemes outside the web's own, so the parts are compared.
  const url = parseUrl(address);
  return (
    url !== undefined &&
    url.protocol === `${APP_SCHEME}:` &&
    url.host === APP_HOST &&
    url.username === '' &&
    url.password === ''
  );
}

/** The parsed address, or `undefined` where it is none. */
export function parseUrl(address: string): URL | undefined {
  return URL.canParse(address) ? new URL(address) : undefined;
}
