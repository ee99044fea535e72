import { StorageFailure } from '../storage-failure.ts';

/** What the SDK's errors have in common, as far as it is read here. Their messages quote what was signed: they are not passed on. */
interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const CREDENTIALS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccountProblem',
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'TokenProviderError',
]);

/** Worth asking again, though the status says otherwise: damaged or cut off on the way there, or the clock is corrected by now. */
const PASSING: ReadonlySet<string> = new Set([
  'BadDigest',
  'IncompleteBody',
  'InternalError',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'SlowDown',
  'ThrottlingException',
  'TimeoutError',
  'XAmzContentSHA256Mismatch',
]);

export function isMissingObject(error: unknown): boolean {
  const { name, $metadata } = asSdkError(error);
  return name === 'NoSuchKey' || ($metadata?.httpStatusCode === 404 && name !== 'NoSuchBucket');
}

/** Whether the same request may succeed a moment later. */
export function isWorthRepeating(error: unknown): boolean {
  const { name = '', $metadata } = asSdkError(error);
  if (CREDENTIALS.has(name)) return false;
  const status = $metadata?.httpStatusCode;
  // Without a status the store was not heard at all.
  return status === undefined || status >= 500 || status === 408 || status === 429 || PASSING.has(name);
}

/** The same for people. */
export function explainFailure(error: unknown, bucket: string): StorageFailure {
  if (error instanceof StorageFailure) return error;
  const { name = 'Error', code, $metadata } = asSdkError(error);
  const status = $metadata?.httpStatusCode;
  const said = status === undefined ? (code ?? name) : `${status} ${name}`;
  if (name === 'NoSuchBucket') {
    return new StorageFailure(
      'storage.noBucket',
      `The object storage has no bucket "${bucket}". Make it, or correct --blobs.`,
    );
  }
  if (status === 401 || status === 403 || CREDENTIALS.has(name)) {
    return new StorageFailure(
      'storage.credentials',
      `The object storage does not let this server into the bucket "${bucket}" (${said}): the credentials in the environment ` +
        'are missing, wrong or expired, or may not list, read, write and delete there.',
    );
  }
  if (status === undefined) {
    return new StorageFailure(
      'storage.unreachable',
      `The object storage with the bucket "${bucket}" does not answer (${said}). Is the address right, and the network up?`,
    );
  }
  if (isWorthRepeating(error)) {
    return new StorageFailure(
      'storage.busy',
      `The object storage with the bucket "${bucket}" does not keep up or has failed (${said}).`,
    );
  }
  return new StorageFailure(
    'storage.refused',
    `The object storage refused a request for the bucket "${bucket}" (${said}). Are region and endpoint those of the bucket?`,
  );
}

function asSdkError(error: unknown): SdkError {
  return typeof error === 'object' && error !== null ? error : {};
}
