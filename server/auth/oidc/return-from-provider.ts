import { randomInt } from 'node:crypto';
import type { ServerContext } from '../../context.ts';
import type { SignInFault } from '../../http/pages/sign-in-page.ts';
import { hashSecret } from '../secrets.ts';
import { accountOf } from './account-of.ts';
import { ProviderUnreachable, type Identity, type OidcProvider } from './oidc-provider.ts';

/** Without 0/O, 1/I/L and U/V: read from one screen, typed into another window. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTWXYZ';
/** 29^8 codes, five tries, ten minutes. */
const CODE_LENGTH = 8;

export type ReturnOutcome =
  | { readonly code: string }
  /** `reason`: for the log; without anything secret or personal. */
  | { readonly fault: SignInFault; readonly reason?: string };

/**
 * The browser comes back from the provider. Each sign-in is redeemed once, whatever comes of it: a replayed address finds
 * nothing. When all fits, the page shows a short code; only the laptop that began can do something with it.
 */
export async function returnFromProvider(
  context: ServerContext,
  provider: OidcProvider,
  query: string,
): Promise<ReturnOutcome> {
  const parameters = new URLSearchParams(query);
  const state = parameters.get('state') ?? '';
  const [flow] = await context.database.query<{ id: string; nonce: string; pkce: string }>(
    `UPDATE oidc_flows SET returned = true
     WHERE state_hash = $1 AND NOT returned AND expires_at > $2 AND tenant = $3 RETURNING id, nonce, pkce`,
    [hashSecret(state), context.now(), provider.settings.tenant],
  );
  if (flow === undefined) return { fault: 'gone' };
  if (parameters.has('error')) return drop(context, flow.id, { fault: 'declined' });

  let identity: Identity;
  try {
    identity = await provider.redeem(query, { state, nonce: flow.nonce, pkce: flow.pkce });
  } catch (error) {
    const fault = error instanceof ProviderUnreachable ? 'unreachable' : 'failed';
    return drop(context, flow.id, { fault, reason: reasonOf(error) });
  }
  const userId = await accountOf(context.database, provider.settings, identity);
  if (userId === undefined) return drop(context, flow.id, { fault: 'noAccount' });

  const code = Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  await context.database.query(
    `UPDATE oidc_flows SET user_id = $2, code_hash = $3, nonce = '', pkce = '' WHERE id = $1`,
    [flow.id, userId, hashSecret(`${flow.id}\n${code}`)],
  );
  return { code };
}

async function drop(context: ServerContext, id: string, outcome: ReturnOutcome): Promise<ReturnOutcome> {
  await context.database.query('DELETE FROM oidc_flows WHERE id = $1', [id]);
  return outcome;
}

/** The library's code for what did not fit; its messages may quote the provider's answer, and are left out. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' ? error.name : `${error.name} ${code}`;
}
