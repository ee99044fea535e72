import { readFileSync } from 'node:fs';
import { OidcConfigSchema, type OidcConfig } from '#server/auth/oidc/oidc-config.ts';
import { tellError } from '#server/ops/tell-error.ts';
import { startServer } from '#server/start.ts';
import { placeOf, type ServerFlags } from './options.ts';

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'];

/** Starts the server and lets it run until SIGTERM or SIGINT. */
export async function serve(flags: ServerFlags): Promise<void> {
  const port = Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`Not a port: ${flags.port}`);
  if (!LOG_LEVELS.includes(flags.log))
    throw new RangeError(`--log is one of ${LOG_LEVELS.join(', ')}, not ${flags.log}.`);
  const publicUrl = flags['public-url'];
  if (publicUrl !== undefined && !/^https?:$/.test(URL.parse(publicUrl)?.protocol ?? ''))
    throw new RangeError(
      `--public-url is an address such as https://faultline.example.com, not ${publicUrl}.`,
    );
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
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(flags.oidc === undefined ? {} : { oidc: readOidcConfig(flags.oidc) }),
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

/** @throws RangeError with what is wrong in the file. */
function readOidcConfig(file: string): OidcConfig {
  const text = readFileSync(file, 'utf8');
  try {
    return OidcConfigSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new RangeError(`The file ${file} of --oidc does not fit. ${tellError(error)}`, { cause: error });
  }
}
