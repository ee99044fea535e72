import { z } from 'zod';
import { call, type ServiceSpec } from './define.ts';

/**
 * Where secrets are kept.
 * - `os`: encrypted with the key store of the operating system
 * - `passphrase`: encrypted with the passphrase the user has given in this run
 * - `locked`: there is a passphrase vault and it waits for its passphrase
 * - `unavailable`: no key store and no passphrase chosen; secrets are kept until the application quits
 */
export const VaultStateSchema = z.enum(['os', 'passphrase', 'locked', 'unavailable']);
export type VaultState = z.infer<typeof VaultStateSchema>;

/** What a screen may know of a credential: everything but the secret. */
export const CredentialSchema = z.object({
  id: z.string(),
  label: z.string(),
  username: z.string(),
  kind: z.enum(['password', 'privateKey']),
  /** `untilQuit`: in memory only, because there is no place to keep it safely. */
  kept: z.enum(['stored', 'untilQuit']),
});
export type Credential = z.infer<typeof CredentialSchema>;

const named = {
  /** Names the credential to replace; left out for a new one. */
  id: z.string().max(80).optional(),
  label: z.string().max(200),
  username: z.string().max(200),
};

/** A credential on its way in. Nothing of the secret ever comes out again. */
export const NewCredentialSchema = z.discriminatedUnion('kind', [
  z.object({ ...named, kind: z.literal('password'), password: z.string().max(4000) }),
  z.object({
    ...named,
    kind: z.literal('privateKey'),
    /** The text of the key file (OpenSSH or PEM). */
    privateKey: z.string().max(64 * 1024),
    passphrase: z.string().max(4000).optional(),
  }),
]);
export type NewCredential = z.infer<typeof NewCredentialSchema>;

const nothing = z.object({});
const state = z.object({ state: VaultStateSchema });

/** Credentials for devices. Errors: `vault.locked`, `vault.wrongPassphrase`, `vault.unknownCredential`, `vault.damaged`. */
export const vaultService = {
  state: call(nothing, state),
  list: call(nothing, z.object({ credentials: z.array(CredentialSchema) })),
  save: call(NewCredentialSchema, CredentialSchema),
  remove: call(z.object({ id: z.string().max(80) }), nothing),
  /** Makes a passphrase vault and moves what was kept until quit into it. Error: `vault.exists`. */
  createPassphrase: call(z.object({ passphrase: z.string().min(8).max(1000) }), state),
  unlock: call(z.object({ passphrase: z.string().max(1000) }), state),
  /** Forgets the key of a passphrase vault; does nothing in the other states. */
  lock: call(nothing, state),
} satisfies ServiceSpec;
