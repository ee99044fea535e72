import { readFileSync } from 'node:fs';
import { OidcConfigSchema } from '#server/auth/oidc/oidc-config.ts';
import { startServer } from '#server/start.ts';
import { placeOf, type ServerFlags } from './options.ts';

/** Starts the server and lets it run until SIGTERM or SIGINT. */
export async function serve(flags: ServerFlags): Promise<void> {
  const port = Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`Not a port: ${flags.port}`);
  const server = await startServer({
    ...placeOf(flags),
    port,
    demo: flags.demo,
    logLevel: flags.log,
    behindProxy: flags['behind-proxy'],
    ...(flags.host === undefined ? {} : { host: flags.host }),
    ...(flags['tls-cert'] === undefined ? {} : { tlsCert: flags['tls-cert'] }),
    ...(flags['tls-key'] === undefined ? {} : { tlsKey: flags['tls-key'] }),
    ...(flags['trusted-proxy'] === undefined ? {} : { trustedProxies: flags['trusted-proxy'] }),
    ...(flags['public-url'] === undefined ? {} : { publicUrl: flags['public-url'] }),
    ...(flags.oidc === undefined
      ? {}
      : { oidc: OidcConfigSchema.parse(JSON.parse(readFileSync(flags.oidc, 'utf8'))) }),
    ...(flags['metrics-token-file'] === undefined
      ? {}
      : { metricsToken: readFileSync(flags['metrics-token-file'], 'utf8').trim() }),
  });
  if (server.firstAdminUrl !== undefined) {
    console.log(
      `First start. Administrator: admin. Set the password here, once, within a day: ${server.firstAdminUrl}`,
    );
  }
  if (!server.durable) {
    console.log(
      'This database may forget its last writes when the power fails: laptops keep theirs until it says otherwise.',
    );
  }
  console.log(`Faultline server ready: ${server.url}`);
  const stop = (): void => {
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // Windows has no SIGHUP to send; there the changed files alone are noticed.
  process.on('SIGHUP', () => {
    server
      .reloadTls()
      .catch((error: unknown) => console.error(error instanceof Error ? error.message : error));
  });
}
