/** The parts of `oidc-provider` that the tests use: the package comes without types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface ProviderAccount {
    readonly accountId: string;
    claims(): Readonly<Record<string, unknown>>;
  }

  export class Provider {
    constructor(
      issuer: string,
      configuration: {
        readonly clients: readonly Readonly<Record<string, unknown>>[];
        readonly claims: Readonly<Record<string, readonly string[]>>;
        readonly cookies: { readonly keys: readonly string[] };
        findAccount(context: unknown, id: string): Promise<ProviderAccount>;
      },
    );
    callback(): RequestListener;
  }
}
