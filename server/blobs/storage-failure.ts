/**
 * - `storage.credentials`: none were found, or the store does not accept them, or they may not do this
 * - `storage.noBucket`: the store has no bucket of that name
 * - `storage.unreachable`: no answer, or it broke off
 * - `storage.busy`: the store asks to slow down, or fails, for longer than it was tried
 * - `storage.refused`: anything else that the store says no to
 */
export type StorageFailureCode =
  | 'storage.credentials'
  | 'storage.noBucket'
  | 'storage.unreachable'
  | 'storage.busy'
  | 'storage.refused';

/**
 * The object storage did not do what it was asked for, also after it was asked again: nothing may be called stored. The message is
 * for the administrator and the log: it names the bucket and never a key, a content or a credential.
 */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure';
  readonly code: StorageFailureCode;

  constructor(code: StorageFailureCode, message: string) {
    super(message);
    this.code = code;
  }

  /** It passes by itself when the network or the store is well again; the others want somebody to act. */
  get isPassing(): boolean {
    return this.code === 'storage.unreachable' || this.code === 'storage.busy';
  }
}
