const PLACE = `
  --data DIR            folder of the embedded database and of the attachments
  --database-url URL    PostgreSQL 15 or newer instead (or FAULTLINE_DATABASE_URL); --data then holds attachments only
  --blobs s3://B/PREFIX attachments in a bucket of an S3-compatible store (or FAULTLINE_BLOBS). Its address and credentials
                        come from the environment: AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY`;

const OVERVIEW = `Faultline's central server. docs/operations.md has the whole story.

  npm run server -- [serve] --port P --data DIR          start it
  npm run server -- user add|list|disable|enable|password
  npm run server -- device list|revoke|reinstate
  npm run server -- backup --to FILE                     while it runs
  npm run server -- restore --from FILE                  while it does not run; laptops offer their work again
  npm run server -- export --to DIR                      everything, readable without Faultline
  npm run server -- import-bundle --from FILE            what a laptop exported because it had no network
  npm run server -- purge --stream ticket/ID             delete a record for good
  npm run server -- check                                are the data whole?
  npm run server -- new-epoch                            after a backup was restored in another way

  COMMAND --help says more.
${PLACE}`;

const TEXTS: Readonly<Record<string, string>> = {
  serve: `npm run server -- [serve] --port P (--data DIR | --database-url URL [--data DIR])

  --port P                 default 8440; 0 takes a free one
  --host ADDRESS           default 127.0.0.1. Others need TLS or --behind-proxy
  --tls-cert F --tls-key F PEM files; read again when they change and on SIGHUP
  --behind-proxy           plain HTTP on another address than loopback: a proxy in front speaks TLS
  --trusted-proxy CIDR     whose X-Forwarded-For is believed; may be given several times
  --public-url URL         how laptops reach the server, when that is not the address it listens on
  --oidc FILE              sign-in through an OpenID Connect provider: JSON with issuer, clientId, clientSecret, name
  --metrics-token-file F   opens /metrics for other machines, with the token in this file
  --log LEVEL              silent, error, warn (default), info, debug
  --demo                   demo accounts with a known password, loopback only
${PLACE}`,
  user: `npm run server -- user add --user NAME --role ROLE[,ROLE] --region REGION [--name "Full Name"] --password-stdin
npm run server -- user list [--json]
npm run server -- user disable|enable --user NAME
npm run server -- user password --user NAME --password-stdin

  The password is read from the standard input, so that it stands in no history and no list of processes.
  ROLE        engineer, technician, specialist, desk, manager, admin, customer
  --tenant T  default main
${PLACE}`,
  device: `npm run server -- device list [--user NAME] [--json]
npm run server -- device revoke --device ID --reason TEXT [--end-sign-in]
                                         lost or stolen: it delivers what it has, and wipes itself
npm run server -- device reinstate --device ID --reason TEXT

  --end-sign-in  stolen: whoever has the laptop may know the password. The user's other logins end too, and nobody can log
                 in as this user until \`user password\` or the office sets a new one
  --tenant T  default main
${PLACE}`,
  backup: `npm run server -- backup --to FILE

  One file with all tables as of one instant and all attachments, checked by SHA-256. The server may run. An existing
  file is never replaced. What it is for and how to rehearse it: docs/operations.md.
${PLACE}`,
  restore: `npm run server -- restore --from FILE [--replace]

  Reads and checks the whole file before it changes anything. All servers on the data must be stopped. Works from the
  embedded database to PostgreSQL and back. Makes a new epoch: laptops offer what they wrote since the backup; everybody
  signs in again.
  --replace   throws away what is there now
${PLACE}`,
  export: `npm run server -- export --to DIR

  Facts, records, people and attachments as NDJSON and files, for each tenant. DIR must be new or empty.
${PLACE}`,
  'import-bundle': `npm run server -- import-bundle --from FILE --password-stdin [--tenant T]

  Takes in what a laptop has exported: facts under the name of whoever wrote them, and attachments. The whole file is
  checked first, and doing it twice changes nothing. The passphrase of the file is read from the standard input.
${PLACE}`,
  purge: `npm run server -- purge --stream NOUN/ID --yes [--tenant T]

  Deletes the contents of a record here and on every laptop, for good. Its numbers and hashes stay. It is written to the
  audit log. Backups made before still have it.
${PLACE}`,
  check: `npm run server -- check

  Numbers without gaps, checksums of all scopes, hashes of all attachments. Changes nothing; ends with 1 when something is wrong.
${PLACE}`,
  'new-epoch': `npm run server -- new-epoch

  Laptops see another epoch and offer their work of the last 30 days again. For a database that was restored by other
  means than \`restore\`, with all servers stopped.
${PLACE}`,
};

export function helpOf(command: string | undefined): string {
  return (command === undefined ? undefined : TEXTS[command]) ?? OVERVIEW;
}
