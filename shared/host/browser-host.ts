/** Where the browser host takes its one WebSocket: `ws://127.0.0.1:<port>/host`. */
export const HOST_SOCKET_PATH = '/host';
/** The token stands in the URL fragment as `#token=<hex>`: a fragment is never sent and never logged. */
export const TOKEN_FRAGMENT = 'token';
/** The port is fixed by default because the browser files its data under the origin. */
export const DEFAULT_BROWSER_PORT = 47_615;
