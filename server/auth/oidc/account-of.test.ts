import { describe, expect, it } from 'vitest';
import { claimedName } from './account-of.ts';
import { OidcConfigSchema, type OidcConfig } from './oidc-config.ts';
import type { Identity } from './oidc-provider.ts';

const somebody: Identity = {
  issuer: 'https://id.example',
  subject: 'sub-1',
  email: 'li.wei@example.com',
  emailVerified: true,
  preferredUsername: 'li.wei',
  name: '李伟',
};
const named = (config: Partial<OidcConfig>, identity: Partial<Identity> = {}): string | undefined =>
  claimedName(OidcConfigSchema.parse({ issuer: 'https://id.example', clientId: 'x', name: 'x', ...config }), {
    ...somebody,
    ...identity,
  });

describe('The account that a provider vouches for', () => {
  it('[SY59] is named by the claim that was configured, or by none', () => {
    expect(named({})).toBeUndefined();
    expect(named({ userClaim: 'sub' })).toBe('sub-1');
    expect(named({ userClaim: 'preferred_username' })).toBe('li.wei');
    expect(named({ userClaim: 'email', allowedDomains: ['EXAMPLE.com'] })).toBe('li.wei');
  });

  it('[SY59] is none when the address is not verified or not of an allowed domain', () => {
    const email: Partial<OidcConfig> = { userClaim: 'email', allowedDomains: ['example.com'] };
    expect(named(email, { emailVerified: false })).toBeUndefined();
    expect(named(email, { email: undefined })).toBeUndefined();
    for (const address of ['li.wei@evil.example', 'li.wei@x@example.com', 'li.wei', '@example.com'])
      expect([address, named(email, { email: address })]).toEqual([address, undefined]);
    const domain: Partial<OidcConfig> = {
      userClaim: 'preferred_username',
      allowedDomains: ['other.example'],
    };
    expect(named(domain)).toBeUndefined();
  });

  it('[SY59] is none when the name could not be that of an account', () => {
    for (const name of ['a b', 'a/../b', '', 'x'.repeat(100), "a'--", 'a\n'])
      expect(named({ userClaim: 'preferred_username' }, { preferredUsername: name })).toBeUndefined();
  });
});
