import { z } from 'zod';
import { Role } from '#shared/domain/directory/events.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * An OpenID Connect provider that users may sign in with. At the provider, Faultline is a client with the redirect
 * address `<public address of this server>/v1/oidc/callback`.
 */
export const OidcConfigSchema = z
  .object({
    /** As the provider says it in its discovery document. HTTPS; plain HTTP on this machine only. */
    issuer: z.url().refine((issuer) => {
      const { protocol, hostname } = new URL(issuer);
      return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
    }, 'The issuer has to be an https address.'),
    clientId: z.string().min(1),
    /** Missing for a public client: PKCE alone then proves who redeems the code. */
    clientSecret: z.string().min(1).optional(),
    /** What the button says: "Sign in with <name>". */
    name: z.string().min(1).max(80),
    /** The tenant whose accounts sign in this way. */
    tenant: z.string().default('main'),
    /**
     * Which claim names the account at the first sign-in; afterwards the account is found by the provider's subject.
     * `email` must be verified and of one of `allowedDomains`; what stands before the `@` is the account. Take
     * `preferred_username` only where users cannot choose it themselves. Missing: only accounts that
     * are linked already get in.
     */
    userClaim: z.enum(['email', 'preferred_username', 'sub']).optional(),
    allowedDomains: z.array(z.string().min(1).toLowerCase()).optional(),
    /** Makes an account for who signs in and has none. Missing: nobody gets in who was not added by an administrator. */
    createUsers: z.object({ role: Role, homeRegion: z.string() }).optional(),
  })
  .refine(
    ({ userClaim, allowedDomains }) => userClaim !== 'email' || (allowedDomains ?? []).length > 0,
    'With userClaim "email" say whose addresses count (allowedDomains): elsewhere anybody may have the name of one of your users.',
  )
  .refine(
    ({ userClaim, createUsers }) => createUsers === undefined || userClaim !== undefined,
    'With createUsers say which claim becomes the name of the account (userClaim).',
  );
export type OidcConfig = z.input<typeof OidcConfigSchema>;
export type OidcSettings = z.output<typeof OidcConfigSchema>;
