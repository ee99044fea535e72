/**
 * Where the desktop application's page lives. The browser files its data under
 * scheme and host, so both are data of every laptop: changing one orphans each
 * engineer's local database (docs/decisions/0001-origin.md).
 */
export const APP_SCHEME = 'app';
export const APP_HOST = 'faultline';
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;
