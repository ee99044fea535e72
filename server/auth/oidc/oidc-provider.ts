import * as oidc from 'openid-client';
import type { OidcSettings } from './oidc-config.ts';

/** Longer would keep a person waiting before a page that says nothing. */
const TIMEOUT_SECONDS = 10;

/** What a sign-in has to remember between leaving for the provider and coming back. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  /** The PKCE verifier towards the provider (RFC 7636). */
  readonly pkce: string;
}

/** Who signed in, as the provider says: `subject` is the one name that never changes hands. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly preferredUsername: string | undefined;
  readonly name: string | undefined;
}

/** The provider does not answer, or not as a provider does. */
export class ProviderUnreachable extends Error {
  override readonly name = 'ProviderUnreachable';
}

/** The provider, found by discovery at the first sign-in, so that the server starts without it. */
export class OidcProvider {
  readonly settings: OidcSettings;
  readonly #redirectUri: () => string;
  #found: oidc.Configuration | undefined;

  constructor(settings: OidcSettings, redirectUri: () => string) {
    this.settings = settings;
    this.#redirectUri = redirectUri;
  }

  static newSecrets(): SignInSecrets {
    return {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      pkce: oidc.randomPKCECodeVerifier(),
    };
  }

  /** @throws ProviderUnreachable. */
  async signInUrl({ state, nonce, pkce }: SignInSecrets): Promise<string> {
    const url = oidc.buildAuthorizationUrl(await this.#configuration(), {
      redirect_uri: this.#redirectUri(),
      scope: 'openid profile email',
      code_challenge: await oidc.calculatePKCECodeChallenge(pkce),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return url.href;
  }

  /**
   * Redeems what the browser brought back. The library checks state, issuer, audience, nonce, times and signature.
   * @param query of the address that the browser came to, with its `?`.
   * @throws ProviderUnreachable, or the library's error when something does not fit.
   */
  async redeem(query: string, { state, nonce, pkce }: SignInSecrets): Promise<Identity> {
    const configuration = await this.#configuration();
    const tokens = await oidc
      .authorizationCodeGrant(configuration, new URL(`${this.#redirectUri()}${query}`), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: pkce,
        idTokenExpected: true,
      })
      .catch((error: unknown) => {
        throw isNetworkError(error)
          ? new ProviderUnreachable('The token endpoint.', { cause: error })
          : error;
      });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error('The provider sent no identity.');
    const { issuer } = configuration.serverMetadata();
    // Many providers tell e-mail and name at the userinfo endpoint only; the subject there has to be the same.
    const further =
      claims['email'] === undefined ? await this.#userInfo(tokens.access_token, claims.sub) : {};
    const told: Record<string, unknown> = { ...further, ...claims };
    const text = (name: string): string | undefined => {
      const value = told[name];
      return typeof value === 'string' ? value : undefined;
    };
    return {
      issuer,
      subject: claims.sub,
      email: text('email'),
      emailVerified: told['email_verified'] === true,
      preferredUsername: text('preferred_username'),
      name: text('name'),
    };
  }

  async #userInfo(accessToken: string, subject: string): Promise<Record<string, unknown>> {
    const configuration = await this.#configuration();
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return {};
    return oidc.fetchUserInfo(configuration, accessToken, subject);
  }

  /** A failure is not remembered: the provider may be back at the next try. */
  async #configuration(): Promise<oidc.Configuration> {
    if (this.#found !== undefined) return this.#found;
    const { issuer, clientId, clientSecret } = this.settings;
    const insecure = issuer.startsWith('http:');
    try {
      this.#found = await oidc.discovery(
        new URL(issuer),
        clientId,
        undefined,
        clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret),
        {
          timeout: TIMEOUT_SECONDS,
          // Plain HTTP only ever towards this machine (see OidcConfigSchema).
          ...(insecure ? { execute: [oidc.allowInsecureRequests] } : {}),
        },
      );
    } catch (error) {
      throw new ProviderUnreachable('Discovery failed.', { cause: error });
    }
    return this.#found;
  }
}

/** Whether nothing came back at all: refused, cut off, or too slow. */
function isNetworkError(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message === 'fetch failed' || cause.name === 'TimeoutError') return true;
  }
  return false;
}
