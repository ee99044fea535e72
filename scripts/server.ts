import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { saveAccount, type NewAccount } from '#server/auth/accounts.ts';
import { openData, renewEpoch } from '#server/open-data.ts';
import { startServer } from '#server/start.ts';

const USAGE = `Faultline's central server.

  npm run server -- --port P (--data DIR | --database-url URL) [--host 127.0.0.1] [--demo]
  npm run server -- add-user --data DIR --user NAME --role ROLE[,ROLE] --region REGION [--name "Full Name"]
                    [--tenant main] --password-stdin
  npm run server -- new-epoch --data DIR      after restoring a backup: laptops offer their work again

  --data DIR            embedded database and attachments
  --database-url URL    PostgreSQL 15 or newer; --data then holds the attachments only
  --log LEVEL           silent, error, warn (default), info, debug
  ROLE                  engineer, specialist, technician, desk, manager, admin`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '8440' },
    host: { type: 'string' },
    data: { type: 'string' },
    'database-url': { type: 'string' },
    demo: { type: 'boolean', default: false },
    log: { type: 'string', default: 'warn' },
    tenant: { type: 'string' },
    user: { type: 'string' },
    name: { type: 'string' },
    role: { type: 'string' },
    region: { type: 'string' },
    'password-stdin': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const place = {
  ...(values.data === undefined ? {} : { data: values.data }),
  ...(values['database-url'] === undefined ? {} : { databaseUrl: values['database-url'] }),
};

try {
  const [command = 'serve'] = positionals;
  if (values.help) console.log(USAGE);
  else if (command === 'serve') await serve();
  else if (command === 'add-user') await addUser();
  else if (command === 'new-epoch') await newEpoch();
  else throw new RangeError(`There is no command "${command}".\n\n${USAGE}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function serve(): Promise<void> {
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RangeError(`Not a port: ${values.port}`);
  const server = await startServer({
    ...place,
    port,
    demo: values.demo,
    logLevel: values.log,
    ...(values.host === undefined ? {} : { host: values.host }),
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
}

async function addUser(): Promise<void> {
  if (!values['password-stdin'])
    throw new RangeError(`The password is read from the standard input.\n\n${USAGE}`);
  const data = await openData(place);
  try {
    const id = values.user ?? '';
    await saveAccount(data.database, {
      ...(values.tenant === undefined ? {} : { tenant: values.tenant }),
      id,
      name: values.name ?? id,
      password: (await text(process.stdin)).replace(/\r?\n$/, ''),
      roles: (values.role ?? '').split(',') as NewAccount['roles'],
      homeRegion: values.region ?? '',
    });
    console.log(`The account ${id} is ready.`);
  } finally {
    await data.close();
  }
}

async function newEpoch(): Promise<void> {
  const data = await openData(place);
  try {
    console.log(`The epoch is now ${await renewEpoch(data.database)}.`);
  } finally {
    await data.close();
  }
}
