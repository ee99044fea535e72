import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { OidcBeginSchema, OidcBegunSchema } from '#shared/sync/protocol.ts';
import type { ServerContext } from '../../context.ts';
import { Problem } from '../../http/problem.ts';
import { hashSecret } from '../secrets.ts';
import { OidcProvider, ProviderUnreachable } from './oidc-provider.ts';

/** A person finds the password, confirms on the phone, types a code; then somebody else might come to the desk. */
export const SIGN_IN_LIFE_MS = 10 * 60_000;

/**
 * Begins a sign-in for a laptop: the address its user opens in a browser, and the id it completes with.
 * @throws Problem 404 `auth.noProvider` for another tenant, 503 `auth.providerDown`.
 */
export async function beginSignIn(
  context: ServerContext,
  provider: OidcProvider,
  { tenant, challenge }: z.output<typeof OidcBeginSchema>,
): Promise<z.infer<typeof OidcBegunSchema>> {
  if (tenant !== provider.settings.tenant) {
    throw new Problem(404, 'auth.noProvider', 'This server has no sign-in service. Log in with a password.');
  }
  const secrets = OidcProvider.newSecrets();
  const url = await provider.signInUrl(secrets).catch((error: unknown) => {
    if (!(error instanceof ProviderUnreachable)) throw error;
    throw new Problem(
      503,
      'auth.providerDown',
      'The sign-in service does not answer this server. Try again later, or log in with a password.',
      30,
    );
  });
  const id = randomUUID();
  const nowMs = context.now();
  const expiresAtMs = nowMs + SIGN_IN_LIFE_MS;
  await context.database.query('DELETE FROM oidc_flows WHERE expires_at <= $1', [nowMs]);
  await context.database.query(
    `INSERT INTO oidc_flows (id, tenant, state_hash, challenge, nonce, pkce, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [id, tenant, hashSecret(secrets.state), challenge, secrets.nonce, secrets.pkce, expiresAtMs],
  );
  return { id, url, expiresAt: new Date(expiresAtMs).toISOString() };
}
