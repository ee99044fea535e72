import { isIP } from 'node:net';

/** Where the objects are, without what opens it: credentials are found by the SDK. */
export interface S3Settings {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** Missing: Amazon's own of the region. */
  readonly endpoint?: string;
  readonly region?: string;
  /** The bucket stands in the path (`https://store/bucket/key`) and not in the host's name. */
  readonly pathStyle: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;

/**
 * Reads `s3://bucket/prefix` and, from the environment, what the AWS tools read there too: AWS_ENDPOINT_URL_S3 (or
 * AWS_ENDPOINT_URL) and AWS_REGION. Ours are FAULTLINE_S3_PATH_STYLE (`true` or `false`; default: `true` with an endpoint of one's own)
 * and FAULTLINE_S3_PLAIN_HTTP=true.
 * @throws RangeError with a sentence; what was given is not repeated in it, because somebody may have put a password there.
 */
export function readS3Settings(address: string, environment: Environment): S3Settings {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)\/?(.*)$/.exec(address) ?? [];
  const prefix = path.replace(/\/+$/, '');
  if (!BUCKET.test(bucket) || (prefix !== '' && !PREFIX.test(prefix)) || /(^|\/)\.{1,2}(\/|$)/.test(prefix)) {
    throw new RangeError(
      '--blobs (or FAULTLINE_BLOBS) is written s3://bucket or s3://bucket/prefix. Credentials do not belong in it: ' +
        'they come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).',
    );
  }
  const endpoint = filled(environment, 'AWS_ENDPOINT_URL_S3') ?? filled(environment, 'AWS_ENDPOINT_URL');
  if (endpoint !== undefined) checkEndpoint(endpoint, environment);
  const named = filled(environment, 'AWS_REGION') ?? filled(environment, 'AWS_DEFAULT_REGION');
  // Stores of one's own have no regions, and yet one is in what is signed: this one they all take.
  const region = named ?? (endpoint === undefined ? undefined : 'us-east-1');
  const style = filled(environment, 'FAULTLINE_S3_PATH_STYLE') ?? String(endpoint !== undefined);
  return {
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    pathStyle: style === 'true',
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  };
}

function checkEndpoint(endpoint: string, environment: Environment): void {
  let url;
  try {
    url = new URL(endpoint);
  } catch {
    throw new RangeError('AWS_ENDPOINT_URL_S3 is not a URL. It is written https://store.example.');
  }
  if (url.username !== '' || url.password !== '')
    throw new RangeError(
      'AWS_ENDPOINT_URL_S3 carries credentials. They come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    );
  if (url.protocol === 'https:') return;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isHere = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  const isWanted = filled(environment, 'FAULTLINE_S3_PLAIN_HTTP') === 'true';
  if (url.protocol !== 'http:' || (!isHere && !isWanted)) {
    throw new RangeError(
      'Attachments would cross a network in the clear: AWS_ENDPOINT_URL_S3 must be https. ' +
        'If that network is yours alone, say FAULTLINE_S3_PLAIN_HTTP=true.',
    );
  }
}

function filled(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === undefined || value === '' ? undefined : value;
}
