import { randomBytes } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { hasAccount, NewAccountSchema, saveAccount } from '../accounts.ts';
import type { OidcSettings } from './oidc-config.ts';
import type { Identity } from './oidc-provider.ts';

/**
 * The account of who signed in: by the provider's subject, and at the first sign-in by the configured claim, which links
 * the account to the subject from then on. `undefined` when there is none, it is disabled, or it is linked to somebody else.
 */
export async function accountOf(
  database: Database,
  settings: OidcSettings,
  identity: Identity,
): Promise<string | undefined> {
  const { tenant } = settings;
  const [linked] = await database.query<{ id: string; disabled: boolean }>(
    'SELECT id, disabled OR sign_in_ended AS disabled FROM users WHERE tenant = $1 AND oidc_issuer = $2 AND oidc_subject = $3',
    [tenant, identity.issuer, identity.subject],
  );
  if (linked !== undefined) return linked.disabled ? undefined : linked.id;
  const name = claimedName(settings, identity);
  if (name === undefined) return undefined;
  if (settings.createUsers !== undefined && !(await hasAccount(database, tenant, name))) {
    await saveAccount(database, {
      tenant,
      id: name,
      name: (identity.name ?? name).replace(/\p{C}/gu, ' ').slice(0, 80),
      // Nobody knows it: this account signs in through the provider, until an administrator sets a password.
      password: randomBytes(32).toString('base64url'),
      roles: [settings.createUsers.role],
      homeRegion: settings.createUsers.homeRegion,
    });
  }
  const [claimed] = await database.query<{ id: string }>(
    `UPDATE users SET oidc_issuer = $3, oidc_subject = $4
     WHERE tenant = $1 AND id = $2 AND NOT disabled AND NOT sign_in_ended AND oidc_subject IS NULL
     RETURNING id`,
    [tenant, name, identity.issuer, identity.subject],
  );
  return claimed?.id;
}

/** The name of the account that the provider vouches for, or `undefined` when it vouches for none. */
export function claimedName(settings: OidcSettings, identity: Identity): string | undefined {
  const name = nameIn(settings, identity);
  return name !== undefined && NewAccountSchema.shape.id.safeParse(name).success ? name : undefined;
}

function nameIn({ userClaim, allowedDomains }: OidcSettings, identity: Identity): string | undefined {
  if (userClaim === 'sub') return identity.subject;
  const domains = new Set(allowedDomains ?? []);
  const [local, domain, ...more] = identity.emailVerified ? (identity.email ?? '').split('@') : [];
  const isOurs = domain !== undefined && more.length === 0 && domains.has(domain.toLowerCase());
  if (domains.size > 0 && !isOurs) return undefined;
  if (userClaim === 'email') return local;
  return userClaim === 'preferred_username' ? identity.preferredUsername : undefined;
}
