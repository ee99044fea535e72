import { HostError } from '#shared/host/errors.ts';

export const wrongPassphrase = (): HostError =>
  new HostError('bundle.wrongPassphrase', 'That is not the passphrase of this file. Nothing was taken in.');

export const damagedBundle = (where: string): HostError =>
  new HostError(
    'bundle.damaged',
    'This file was cut off or changed, or is none of ours. Nothing was taken in; ask for it again.',
    { where },
  );

export const otherTenant = (): HostError =>
  new HostError(
    'bundle.otherTenant',
    'This file belongs to another company or workspace. Nothing was taken in.',
  );

export const tooLargeBundle = (): HostError =>
  new HostError(
    'bundle.tooLarge',
    'This file holds more than can be taken in at once. Nothing was taken in.',
  );

export const bundleFailed = (reason: string): HostError =>
  new HostError(
    'bundle.failed',
    'The file could not be written. Check the place and its free space, and try again; everything is still here.',
    { reason },
  );
