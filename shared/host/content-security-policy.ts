/** The place in index.html where both hosts write the nonce of the answer they give. */
export const NONCE_PLACEHOLDER = '__CSP_NONCE__';

/**
 * The content security policy of the page, the same in both hosts.
 *
 * Scripts come from our own files only. Styles too, and from elements that
 * carry the nonce of this very answer: Mantine and xterm.js write style
 * elements at run time.
 * @param nonce 128 random bits or more in base64, made anew for each answer.
 * @param connect addresses beside the page's own origin that it may talk to.
 */
export function contentSecurityPolicy(nonce: string, connect: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data:",
    "font-src 'self'",
    ["connect-src 'self'", ...connect].join(' '),
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
