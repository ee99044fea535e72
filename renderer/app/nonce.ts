/** The nonce of this page: libraries that inject styles have to carry it, or the policy drops them. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
